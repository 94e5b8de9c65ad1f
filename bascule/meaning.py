"""Resources compared by meaning: what is a set is compared as one, what has an identity by that, secrets unseen.

A resource is flattened into leaves by path: `origin[bascule-alb].domain_name`. Terraform's own diff shows every origin
of a distribution as removed and added when one of them changes, and none at all once one of their headers is sensitive.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from bascule import schema
from bascule.errors import printable
from bascule.ladder import DELIVERED_ELSEWHERE
from bascule.managed_policies import NAMES
from bascule.plan_json import Change, Unknown
from bascule.schema import Block

IDENTITY = {
    "origin": "origin_id",
    "origin_group": "origin_id",
    "ordered_cache_behavior": "path_pattern",
    "custom_error_response": "error_code",
    "custom_header": "name",
    "http_header": "http_header_name",
    "function_association": "event_type",
    "lambda_function_association": "event_type",
    "load_balancer": "target_group_arn",
}
"""Blocks that are told apart by an argument of theirs, and not by their place."""

SECRET = {("custom_header", "value"), ("http_header", "values")}
"""Where the origin's secret stands, by block and argument."""

NARROWED = {"aws_cloudfront_distribution": "origin", "aws_lb_listener_rule": "condition"}
"""Sets that Terraform calls sensitive as a whole as soon as SECRET in them is: the rest of them is to be read."""

SECRET_NAME = re.compile(
    r"(^|_)(password|passwd|secret|secret_string|token|(private|api|secret|access)_key|credentials?)$"
)
"""Arguments, and keys of maps, whose values are masked whatever Terraform says of them; in lower case with
underscores."""


class Marker:
    """A word that stands for a value."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __str__(self) -> str:
        return self.word

    __repr__ = __str__


HIDDEN = Marker("(hidden)")
ABSENT = Marker("(none)")


@dataclass(frozen=True)
class Leaf:
    """One value of a resource."""

    value: Any
    """A scalar, an `Unknown`, or for a set its items in order."""
    hidden: bool
    is_set: bool = False


@dataclass(frozen=True)
class Difference:
    """One argument in which a resource changes; secrets are `HIDDEN`, what isn't there `ABSENT`."""

    path: str
    before: Any
    after: Any
    added: tuple[Any, ...] = ()
    """For a set: what it gains."""
    removed: tuple[Any, ...] = ()
    """For a set: what it loses."""

    @property
    def unknown(self) -> bool:
        """Whether the new value is known after apply only."""
        return holds_unknown(self.after)

    def __str__(self) -> str:
        if self.added or self.removed:
            signed = [*(f"-{shown(v)}" for v in self.removed), *(f"+{shown(v)}" for v in self.added)]
            return printable(f"{self.path}: {' '.join(signed)}")
        return printable(f"{self.path}: {shown(self.before)} → {shown(self.after)}")


def differences(change: Change) -> list[Difference]:
    """Every argument in which `change` alters its resource, sorted by path; what the provider alone sets is left out.

    For a resource that is created, every argument that it will have; for one that goes, none.
    """
    if not change.after or change.action == "no-op":
        return []
    before, after = leaves(change, "before"), leaves(change, "after")
    return [found for found in between(before, after) if not _filled_in(found)]


def drifted(change: Change) -> list[Difference]:
    """Every argument that the configuration sets and that was changed outside Terraform.

    What the configuration leaves to the provider moves by itself (a security group learns of its rules that way), and
    what is delivered elsewhere is meant to.
    """
    before, after = leaves(change, "before"), leaves(change, "after")
    found = between(before, after)
    elsewhere = DELIVERED_ELSEWHERE if change.type == "aws_ecs_service" else ()
    return [one for one in found if (name := argument(one.path)) in change.configured and name not in elsewhere]


def argument(path: str) -> str:
    """The argument that a path begins with, without what is inside it."""
    return re.split(r"[.[]", path)[0]


def _filled_in(difference: Difference) -> bool:
    """Whether it is a value that nobody set and that the provider fills in."""
    return difference.before is ABSENT and isinstance(difference.after, Unknown) and not difference.after.configured


def leaves(change: Change, side: str) -> dict[str, Leaf]:
    """The settable arguments of one side of a change (`before` or `after`) that hold something, by path.

    What is sensitive on one side is hidden on both: the other one is its neighbour at the least.
    """
    marks = _either(change.before_sensitive, change.after_sensitive)
    narrowed = NARROWED.get(change.type)
    if isinstance(marks, Mapping) and marks.get(narrowed) is True:
        marks = {name: mark for name, mark in marks.items() if name != narrowed}
    return flat(getattr(change, side), schema.load().resources.get(change.type), marks)


def flat(values: Mapping[str, Any], block: Block | None = None, marks: Any = False) -> dict[str, Leaf]:
    """The leaves of a resource's arguments, by path. `block` is its schema, `marks` what Terraform calls sensitive."""
    return dict(_block(values, block, marks, "", ""))


def _either(one: Any, other: Any) -> Any:
    """Marks of two sides put together. A set's order differs between them, so more may be hidden than need be."""
    if one is True or other is True:
        return True
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {name: _either(one.get(name, False), other.get(name, False)) for name in {**one, **other}}
    if isinstance(one, list) and isinstance(other, list):
        return [_either(*pair) for pair in zip_longest(one, other, fillvalue=False)]
    return one or other


def between(before: Mapping[str, Leaf], after: Mapping[str, Leaf]) -> list[Difference]:
    """The leaves in which two sides differ, sorted by path; a secret is named, and not shown."""
    return list(_between(before, after))


def _between(before: Mapping[str, Leaf], after: Mapping[str, Leaf]) -> Iterator[Difference]:
    nothing = Leaf(ABSENT, False)
    for path in sorted({*before, *after}):
        old, new = before.get(path, nothing), after.get(path, nothing)
        if old.value == new.value:
            continue
        if old.hidden or new.hidden:
            shown_before, shown_after = (
                leaf.value if leaf.value is ABSENT or isinstance(leaf.value, Unknown) else HIDDEN for leaf in (old, new)
            )
            yield Difference(path, shown_before, shown_after)
            continue
        added: tuple[Any, ...] = ()
        removed: tuple[Any, ...] = ()
        if (old.is_set or new.is_set) and not (isinstance(old.value, Unknown) or isinstance(new.value, Unknown)):
            had = () if old.value is ABSENT else tuple(old.value)
            has = () if new.value is ABSENT else tuple(new.value)
            added = tuple(item for item in has if item not in had)
            removed = tuple(item for item in had if item not in has)
        yield Difference(path, old.value, new.value, added, removed)


def _block(
    values: Mapping[str, Any], block: Block | None, marks: Any, path: str, parent: str
) -> Iterator[tuple[str, Leaf]]:
    for name, value in values.items():
        nested = block.blocks.get(name) if block else None
        attribute = block.attributes.get(name) if block else None
        if name == "tags_all" or (attribute is not None and not attribute.settable):
            continue
        here = f"{path}.{name}" if path else name
        marked = marks is True or (isinstance(marks, Mapping) and marks.get(name, False))
        type_ = attribute.type if attribute else ""
        if nested is not None or (_are_blocks(value) and not type_.startswith("set(")):
            yield from _nested(value, nested, marked, here, name)
        elif type_.startswith("set(object") and isinstance(value, list):
            yield from _objects(value, marked, here)
        else:
            hidden = (parent, name) in SECRET or _is_secret(name)
            yield from _attribute(value, marked, here, hidden=hidden, is_set=type_.startswith("set("))


def _are_blocks(value: Any) -> bool:
    """Whether a value of which there is no schema looks like nested blocks."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _nested(
    value: Any, nested: schema.NestedBlock | None, marks: Any, path: str, name: str
) -> Iterator[tuple[str, Leaf]]:
    if isinstance(value, Unknown):
        yield path, Leaf(value, marks is True)
        return
    items = [value] if isinstance(value, Mapping) else list(value or ())
    identity = IDENTITY.get(name) if marks is not True else None
    names = _names(items, identity, is_set=nested is not None and nested.nesting == "set")
    one = (nested.max_items == 1 or nested.nesting == "single") if nested else len(items) == 1
    for index, item in enumerate(items):
        inner = marks[index] if isinstance(marks, list) and index < len(marks) else marks
        here = path if one and identity is None else f"{path}[{names[index]}]"
        if isinstance(item, Unknown):
            yield here, Leaf(item, inner is True)
            continue
        found = list(_block(item, nested.block if nested else None, inner, here, name))
        yield from found
        if not found:
            yield here, Leaf("(empty)", False)
    if name == "ordered_cache_behavior" and len(items) > 1:
        yield f"{path}.order", Leaf(tuple(names), False)


def _names(items: Sequence[Any], identity: str | None, *, is_set: bool) -> list[str]:
    """What each block is called: by its identity, or by its place. A set's places are those of its sorted contents."""
    if identity is None:
        order = sorted(range(len(items)), key=lambda i: json.dumps(items[i], sort_keys=True, default=str))
        return [str(order.index(index) if is_set else index) for index in range(len(items))]
    found: list[str] = []
    for index, item in enumerate(items):
        name = short(item if isinstance(item, Unknown) else item.get(identity, index))
        again = sum(other.partition("#")[0] == name for other in found)
        found.append(f"{name}#{again + 1}" if again else name)
    return found


def short(value: Any) -> str:
    """An identity, short: of an ARN what is behind its account."""
    text = value.of if isinstance(value, Unknown) else str(value)
    return text.split(":", 5)[-1] if text.startswith("arn:") else text


def _objects(items: Sequence[Any], marks: Any, path: str) -> Iterator[tuple[str, Leaf]]:
    """The items of a set of objects, each called by a digest of what it holds: they have nothing else to go by."""
    for item in items:
        digest = hashlib.sha256(json.dumps(item, sort_keys=True, default=str).encode()).hexdigest()[:6]
        yield from _attribute(item, _any(marks), f"{path}[{digest}]", hidden=False, is_set=False)


def _attribute(value: Any, marks: Any, path: str, *, hidden: bool, is_set: bool) -> Iterator[tuple[str, Leaf]]:
    if value in (None, "", [], {}):
        return
    if isinstance(value, Mapping) and (hidden or marks is True):
        yield path, Leaf(value, True)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            inner = marks.get(key, False) if isinstance(marks, Mapping) else False
            yield from _attribute(item, inner, f"{path}[{key}]", hidden=_is_secret(str(key)), is_set=False)
    elif isinstance(value, list):
        items = sorted(value, key=str) if is_set else value
        yield path, Leaf(tuple(_hashable(item) for item in items), hidden or _any(marks), is_set)
    else:
        yield path, Leaf(value, hidden or _any(marks))


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | Unknown) else json.dumps(value, default=str)


def _is_secret(name: str) -> bool:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("-", "_")
    return SECRET_NAME.search(snake) is not None


def _any(marks: Any) -> bool:
    if isinstance(marks, Mapping):
        return any(map(_any, marks.values()))
    return any(map(_any, marks)) if isinstance(marks, list) else marks is True


def holds_unknown(value: Any) -> bool:
    """Whether a value, or an item of it, is known after apply only."""
    if isinstance(value, Mapping):
        return any(map(holds_unknown, value.values()))
    return any(map(holds_unknown, value)) if isinstance(value, list | tuple) else isinstance(value, Unknown)


def secrets(change: Change) -> Iterator[str]:
    """Values that may not be shown anywhere, whatever else holds them too."""
    for side in ("before", "after"):
        yield from hidden_strings(leaves(change, side))


def hidden_strings(found: Mapping[str, Leaf]) -> Iterator[str]:
    """Every text in the leaves that are hidden."""
    for leaf in found.values():
        if leaf.hidden:
            yield from _strings(leaf.value)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _strings(item)


def shown(value: Any) -> str:
    """A value on one line, for a person."""
    if isinstance(value, Marker | Unknown):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(map(shown, value)) + "]"
    name = NAMES.get(value) if isinstance(value, str) else None
    return printable(json.dumps(value, ensure_ascii=False, default=str)) + (f" ({name})" if name else "")
