"""A plan as a value, read from what `terraform show -json` prints and from nothing else.

What isn't known until apply becomes `Unknown`, which names what it will be as far as the configuration says: so a new
listener that refers to a new load balancer can be told to be its listener before either has an ARN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from typing import Any

from bascule.errors import InputError

FORMAT = "1"
"""The major version of the JSON output format that is understood; minor ones only add
(https://developer.hashicorp.com/terraform/internals/json-format)."""

ACTIONS = frozenset({"no-op", "create", "read", "update", "delete", "forget"})

REPLAN = "make it anew: `bascule plan`"


@dataclass(frozen=True)
class Unknown:
    """A value that is known after apply. `of` is what it will be: `aws_lb.alb.arn`."""

    of: str
    configured: bool = field(default=True, compare=False)
    """Whether the configuration says what it will be; else the provider fills it in."""

    def __str__(self) -> str:
        return f"(known after apply: {self.of})" if self.configured else "(known after apply)"


@dataclass(frozen=True)
class Change:
    """What a plan does with one resource."""

    address: str
    type: str
    actions: tuple[str, ...]
    before: Mapping[str, Any]
    """Values as they are; empty where there is nothing yet."""
    after: Mapping[str, Any]
    """Values as they will be, with `Unknown` in them; empty where nothing stays."""
    before_sensitive: Any = field(default=False, repr=False)
    after_sensitive: Any = field(default=False, repr=False)
    import_id: str | None = None
    configured: frozenset[str] = frozenset()
    """The arguments that the configuration sets."""
    deposed: bool = False
    """Whether it is about an object that a stopped replacement left behind, and not the one in use."""

    @property
    def action(self) -> str:
        """create, update, replace, delete, forget, read or no-op."""
        if "create" in self.actions and len(self.actions) > 1:
            return "replace"
        return self.actions[0]


@dataclass(frozen=True)
class Plan:
    """One plan."""

    document: Mapping[str, Any] = field(repr=False)
    """The JSON object that it was read from."""
    changes: tuple[Change, ...]
    """Every managed resource that the plan speaks of, unchanged ones included, in its order."""
    drift: tuple[Change, ...]
    """What somebody changed since Terraform last looked."""
    untouched: Mapping[str, Mapping[str, Any]]
    """Values of the managed resources that a narrowed plan doesn't speak of, by address."""
    data: Mapping[str, Mapping[str, Any]]
    """Values of the data sources that could be read, by address."""
    complete: bool
    """Whether applying it leads to what the configuration says, with nothing left for a next plan."""
    deferred: tuple[str, ...]
    """Addresses that Terraform put off to a later plan."""

    @cached_property
    def by_address(self) -> Mapping[str, Change]:
        """The changes of what is in use, by address."""
        return {change.address: change for change in self.changes if not change.deposed}

    def of_type(self, type_: str) -> tuple[Change, ...]:
        """The changes of resources of one type."""
        return self._by_type.get(type_, ())

    @cached_property
    def _by_type(self) -> Mapping[str, tuple[Change, ...]]:
        found: dict[str, list[Change]] = {}
        for change in self.changes:
            found.setdefault(change.type, []).append(change)
        return {type_: tuple(changes) for type_, changes in found.items()}


EMPTY = Plan({}, (), (), {}, {}, True, ())
"""A plan of which Terraform said that it has no changes: its JSON takes seconds to print, and says no more."""


def read(document: Any, where: str = "the plan") -> Plan:
    """The plan that `document` holds, the object that `terraform show -json PLANFILE` prints.

    Raises InputError, naming `where`, for anything else, for another format version, and for a plan that Terraform
    gave up on.
    """
    if not isinstance(document, Mapping) or "format_version" not in document:
        raise InputError("not a plan: no format_version", where=where, remedy=REPLAN)
    version = str(document["format_version"])
    if version.partition(".")[0] != FORMAT:
        raise InputError(f"a plan in format {version}; {FORMAT}.x is what bascule reads", where=where, remedy=REPLAN)
    if "resource_changes" not in document and "planned_values" not in document:
        raise InputError("not a plan: it holds no planned values (a state, perhaps)", where=where, remedy=REPLAN)
    if document.get("errored"):
        raise InputError("Terraform gave up on this plan half way", where=where, remedy=REPLAN)
    try:
        return _read(document)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        what = f"not a plan as Terraform writes it: {type(error).__name__} {error}"[:160]
        raise InputError(what, where=where, remedy=REPLAN) from None


def _read(document: Mapping[str, Any]) -> Plan:
    configured = {
        resource["address"]: resource.get("expressions") or {}
        for resource in _resources((document.get("configuration") or {}).get("root_module") or {})
    }
    prior = _resources(((document.get("prior_state") or {}).get("values") or {}).get("root_module") or {})
    changes = [_change(one, configured) for one in _entries(document, "resource_changes") if one["mode"] == "managed"]
    drift = [_change(one, configured) for one in _entries(document, "resource_drift") if one["mode"] == "managed"]
    spoken_of = {change.address for change in changes}
    deferred = [one["resource_change"]["address"] for one in _entries(document, "deferred_changes")]
    return Plan(
        document=document,
        changes=tuple(changes),
        drift=tuple(drift),
        untouched={
            one["address"]: one["values"]
            for one in prior
            if one["mode"] == "managed" and one["address"] not in spoken_of
        },
        data={one["address"]: one["values"] for one in prior if one["mode"] == "data"},
        complete=bool(document.get("complete", True)),
        deferred=tuple(deferred),
    )


def _entries(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = document.get(name, [])
    if not isinstance(found, list):
        raise ValueError(f"{name} is no list")
    return found


def _resources(module: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return module.get("resources") or ()


def _change(entry: Mapping[str, Any], configured: Mapping[str, Mapping[str, Any]]) -> Change:
    change, address = entry["change"], str(entry["address"])
    expressions = configured.get(address.partition("[")[0], {})
    if any(not isinstance(change.get(side), Mapping | None) for side in ("before", "after")):
        raise ValueError(f"{address} holds no values")
    after = _planned(change.get("after") or {}, change.get("after_unknown") or {}, expressions, address)
    importing = change.get("importing")
    return Change(
        address=address,
        type=str(entry["type"]),
        actions=_actions(change["actions"]),
        before=dict(change.get("before") or {}),
        after=after if isinstance(after, Mapping) else {},
        before_sensitive=change.get("before_sensitive", False),
        after_sensitive=change.get("after_sensitive", False),
        import_id=str(importing.get("id", "(known after apply)")) if importing is not None else None,
        configured=frozenset(expressions),
        deposed="deposed" in entry,
    )


def _actions(found: Any) -> tuple[str, ...]:
    if not isinstance(found, list) or not found or any(str(action) not in ACTIONS for action in found):
        raise ValueError(f"actions {found!r}")
    return tuple(found)


def _planned(values: Any, unknown: Any, expressions: Any, path: str) -> Any:
    """`values` with `Unknown` wherever `unknown` says so: Terraform leaves those out."""
    if unknown is True:
        reference = _reference(expressions)
        return Unknown(reference or path, configured=reference is not None)
    if isinstance(unknown, Mapping) and isinstance(values, Mapping | None):
        values = values or {}
        return {
            name: _planned(values.get(name), unknown.get(name), _within(expressions, name), f"{path}.{name}")
            for name in (*values, *(name for name in unknown if name not in values and _any(unknown[name])))
        }
    if isinstance(unknown, list) and isinstance(values, list | None):
        return _items(values or [], unknown, expressions, path) if values is not None or _any(unknown) else values
    return values


def _items(values: list[Any], unknown: list[Any], expressions: Any, path: str) -> list[Any]:
    """The items of a list or set. Of several that are wholly unknown each is what its own reference refers to."""
    references = iter(_references(expressions))
    found = []
    for index, (value, marks) in enumerate(zip_longest(values, unknown)):
        if index >= len(values) and not _any(marks):
            continue
        here = _matching(expressions, value, index)
        if marks is True and isinstance(here, Mapping):
            reference = next(references, None)
            here = {"references": [reference]} if reference else None
        found.append(_planned(value, marks, here, f"{path}[{index}]"))
    return found


def _references(expression: Any) -> list[str]:
    """What an expression refers to: Terraform lists each reference with its attribute, and then without."""
    found = expression.get("references") or [] if isinstance(expression, Mapping) else []
    return [str(one) for one in found if not any(str(other).startswith(f"{one}.") for other in found)]


def _any(marks: Any) -> bool:
    if isinstance(marks, Mapping):
        return any(map(_any, marks.values()))
    return any(map(_any, marks)) if isinstance(marks, list) else marks is True


def _within(expressions: Any, name: str) -> Any:
    return expressions.get(name) if isinstance(expressions, Mapping) else None


def _matching(expressions: Any, value: Any, index: int) -> Any:
    """The configured block that `value` came from. A set's order isn't the configuration's: its constants tell."""
    if not isinstance(expressions, list):
        return expressions
    for block in expressions:
        if isinstance(value, Mapping) and all(
            value.get(name) == expression["constant_value"]
            for name, expression in block.items()
            if isinstance(expression, Mapping) and "constant_value" in expression and "references" not in expression
        ):
            return block
    return expressions[index] if index < len(expressions) else None


def _reference(expression: Any) -> str | None:
    """What an expression refers to, `aws_lb.alb.arn`: Terraform lists the most specific reference first."""
    if isinstance(expression, Mapping) and expression.get("references"):
        return str(expression["references"][0])
    return None
