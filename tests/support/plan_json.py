"""Plan JSON made comparable between Terraform's JSON syntax and HCL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def comparable(plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan without the moment it was made, without the random order of `relevant_attributes`, and without what
    Terraform tells differently of the two syntaxes."""
    return {
        **{key: value for key, value in plan.items() if key != "timestamp"},
        "configuration": _expressions(plan["configuration"]),
        "relevant_attributes": sorted(plan.get("relevant_attributes", ()), key=str),
    }


def _expressions(configuration: Any) -> Any:
    """Without constants, since a string of JSON syntax is called constant and shown unread, though it holds references
    too; without the order of references; without null attributes."""
    if isinstance(configuration, Mapping):
        found = {key: _expressions(value) for key, value in configuration.items() if key != "constant_value"}
        return {key: sorted(value) if key == "references" else value for key, value in found.items() if value != {}}
    return [_expressions(item) for item in configuration] if isinstance(configuration, list) else configuration
