"""docs/site-file.md, written from the site models' docstrings: `python -m bascule.site_reference`."""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bascule import files, site

PAGE = Path("docs") / "site-file.md"

_INTRODUCTION = """\
# The site file

`sites/SITE.toml` says what a person decided about one site; `bascule` reads it and writes nothing into it but
`stage`. The file's name is the site's: 2 to 19 lowercase letters, digits and hyphens, a letter first. A key that
isn't listed here is refused. A table without a required key may be left out.

Written by `python -m bascule.site_reference` from `bascule/site.py`.
"""


def page() -> str:
    """The page's text."""
    documents = _documents()
    sections = [_INTRODUCTION]
    for model in _models(site.Site):
        title, *more = _paragraphs(inspect.getdoc(model) or "")
        sections.append("\n\n".join([f"## {title.rstrip('.')}", *more, _keys(model, documents)]) + "\n")
    return "\n".join(sections)


def undocumented() -> list[str]:
    """The keys whose model says nothing about them, as `Model.key`; a table is documented by its own model."""
    documents = _documents()
    return [
        f"{model.__name__}.{key}"
        for model in _models(site.Site)
        for key, field in model.model_fields.items()
        if not _tables(field.annotation) and f"{model.__name__}.{key}" not in documents
    ]


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for table in _tables(field.annotation):
            yield from _models(table)


def _documents() -> dict[str, str]:
    documents = {}
    for node in ast.parse(inspect.getsource(site)).body:
        if isinstance(node, ast.ClassDef):
            for member, after in zip(node.body, node.body[1:], strict=False):
                if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
                    text = getattr(getattr(after, "value", None), "value", None)
                    if isinstance(text, str):
                        documents[f"{node.name}.{member.target.id}"] = " ".join(text.split())
    return documents


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split("\n\n")]


def _keys(model: type[BaseModel], documents: dict[str, str]) -> str:
    lines = []
    for key, field in model.model_fields.items():
        if not _tables(field.annotation):
            said = _type(field.annotation, field.metadata)
            lines.append(f"- `{key}`: {said}; {_default(field)}.\n  {documents[f'{model.__name__}.{key}']}")
    return "\n".join(lines)


def _tables(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [table for part in get_args(annotation) for table in _tables(part)]


def _type(annotation: Any, metadata: list[Any]) -> str:
    if hasattr(annotation, "__metadata__"):
        return _type(annotation.__origin__, [*annotation.__metadata__, *metadata])
    if get_origin(annotation) in (Union, types.UnionType):
        (one,) = [part for part in get_args(annotation) if part is not type(None)]
        return _type(one, metadata)
    if get_origin(annotation) is tuple:
        return f"list; each {_type(get_args(annotation)[0], [])}"
    if get_origin(annotation) is Literal:
        return " or ".join(f'`"{value}"`' for value in get_args(annotation))
    if annotation is date:
        return "date, such as `2027-06-30` without quotes"
    if issubclass(annotation, StrEnum):
        return " or ".join(f'`"{value}"`' for value in annotation)
    bounds = {name: getattr(item, name) for item in metadata for name in ("ge", "le", "pattern") if hasattr(item, name)}
    if annotation is int:
        return f"integer from {bounds['ge']} to {bounds['le']}"
    return "text" if bounds["pattern"] == site.PRINTABLE else f"text matching `{bounds['pattern']}`"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None or field.default == ():
        return "optional"
    return f"default `{field.default!r}`".replace("'", '"')


if __name__ == "__main__":
    files.write(PAGE, page())
