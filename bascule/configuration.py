"""A synthesized configuration as a world that the routing model reads, before anything is planned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bascule.plan_json import Unknown
from bascule.planned_values import World

COMPUTED = ("arn", "id", "dns_name")
"""Attributes that AWS gives, and by which resources refer to each other."""


def world(document: Mapping[str, Any]) -> World:
    """Every resource and data source of a `cdk.tf.json`, by address; what AWS will give is known by what it refers to,
    as in a plan."""
    found: dict[str, Mapping[str, Any]] = {}
    for kind, prefix in (("resource", ""), ("data", "data.")):
        for type_, named in (document.get(kind) or {}).items():
            for name, values in named.items():
                address = f"{prefix}{type_}.{name}"
                given = {attribute: Unknown(f"{address}.{attribute}") for attribute in COMPUTED}
                found[address] = {**given, **_value(values)}
    return found


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _value(inner) for key, inner in value.items() if key != "//"}
    if isinstance(value, list):
        return [_value(item) for item in value]
    return _evaluated(value) if isinstance(value, str) and value.startswith("${") else value


_SPLIT = re.compile(r'\$\{split\(",", ([\w.]+)\)\}')
_FIRST = re.compile(r'\$\{element\(split\(",", ([\w.]+)\), 0\)\}')


def _evaluated(expression: str) -> Any:
    """The value of an expression: a reference by its words, and the secret's, which are two while it is rotated: the
    header has the first, the listener's rule takes either. Any other expression is known by its own words alone."""
    if match := _FIRST.fullmatch(expression):
        return Unknown(f"{match[1]}[0]")
    if match := _SPLIT.fullmatch(expression):
        return [Unknown(f"{match[1]}[{number}]") for number in (0, 1)]
    return Unknown(expression.removeprefix("${").removesuffix("}"))
