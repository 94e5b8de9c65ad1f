"""Values as Terraform knows them: some are known after apply only, and whoever needs one of those is told so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bascule.plan_json import Unknown

World = Mapping[str, Mapping[str, Any]]
"""Values of every resource and data source there is, by address: one side of a plan, or an account."""


class NotKnown(Exception):
    """The answer depends on something that is known after apply only, or that nobody read. Says on what, if it can."""


def first(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The first block of that name; empty where there is none, or none that is known."""
    return next((block for block in items(values.get(name)) if isinstance(block, Mapping)), {})


def items(value: Any) -> tuple[Any, ...]:
    """The items of a list, of which Terraform may know nothing yet but what it refers to."""
    if value is None:
        return ()
    return (value,) if isinstance(value, Unknown | str | Mapping) else tuple(value)


def known(value: Any) -> Iterator[Mapping[str, Any]]:
    """The blocks of a list, one after the other. Raises NotKnown at the first that isn't known."""
    for item in items(value):
        yield sure(item)


def find(value: Any, wanted: Callable[[Mapping[str, Any]], bool]) -> Mapping[str, Any] | None:
    """The first block that is wanted. Raises NotKnown where one that isn't known may be it."""
    unsure: NotKnown | None = None
    for item in items(value):
        try:
            if wanted(sure(item)):
                found: Mapping[str, Any] = item
                return found
        except NotKnown as error:
            unsure = error
    if unsure is not None:
        raise unsure
    return None


def sure(value: Any) -> Any:
    """The value. Raises NotKnown if it is known after apply only."""
    if isinstance(value, Unknown):
        raise NotKnown(str(value))
    return value


def text(value: Any) -> str:
    """The value as text; empty where there is none."""
    return "" if value is None else str(value)


def of_type(found: World, type_: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The resources of a type with their addresses."""
    return ((address, values) for address, values in found.items() if address.startswith(f"{type_}."))


def of_id(found: World, type_: str, id_: Any) -> Mapping[str, Any] | None:
    """The resource, or the data source, of a type that has this id."""
    for kind in (type_, f"data.{type_}"):
        for _, values in of_type(found, kind):
            if values.get("id") == id_:
                return values
    return None


def may_be_any(found: World, reference: Any) -> bool:
    """Whether a reference may be to anything: it is known after apply, and not an attribute of a resource of this
    world. What is known is never the name of something that has none yet."""
    return isinstance(reference, Unknown) and ".".join(reference.of.split(".")[:2]) not in found
