"""Hand-written answers of AWS, checked against botocore's model of the service: no test rests on one that can't be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
    "timestamp": datetime,
    "blob": bytes,
    "structure": Mapping,
    "map": Mapping,
    "list": list,
}


def valid(service: str, operation: str, answer: Any) -> Any:
    """`answer`, if the operation can answer it; an AssertionError names each member, type or value that it can't.

    Members may be left out, required or not: an answer says what the test is about.
    """
    shape = _model(service).operation_model(operation).output_shape
    assert shape is not None, f"{operation} answers nothing"
    wrong = list(_wrong(answer, shape, operation))
    assert wrong == [], "\n".join(wrong)
    return answer


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def _wrong(value: Any, shape: Any, where: str) -> Iterator[str]:
    kind: Shape = shape
    expected = TYPES[kind.type_name]
    if not isinstance(value, expected) or (kind.type_name in ("integer", "long", "float") and isinstance(value, bool)):
        yield f"{where}: {value!r} is no {kind.type_name}"
    elif kind.type_name == "structure":
        for name, item in value.items():
            if name in shape.members:
                yield from _wrong(item, shape.members[name], f"{where}.{name}")
            else:
                yield f"{where}: has no member {name}"
    elif kind.type_name == "list":
        for number, item in enumerate(value):
            yield from _wrong(item, shape.member, f"{where}.{number}")
    elif kind.type_name == "map":
        for name, item in value.items():
            yield from _wrong(item, shape.value, f"{where}.{name}")
    elif kind.type_name == "string" and getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{where}: {value!r} is none of {', '.join(shape.enum)}"
