"""What the account's answers have in common on their way into Terraform's vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bascule.inventory import Unread
from bascule.plan_json import Unknown

Answers = Mapping[str, Any]
"""AWS's answers, or Unread, by the names that `bascule.live_world` gives its calls."""

Named = Iterator[tuple[str, Mapping[str, Any]]]
"""Values of resources of one type, each with a name for its address."""


@dataclass(frozen=True)
class NotRead(Unknown):
    """A value that couldn't be read. `of` is the IAM action that it needs, and AWS's answer."""

    def __str__(self) -> str:
        return f"not read: {self.of}"


def not_read(unread: Unread) -> NotRead:
    """The same as a value of a world."""
    return NotRead(str(unread))


_OURS = re.compile(r".+-(alb|app|tasks)-[0-9a-f]{6}")
"""Names that `modules.names.fixed_name` makes; the role is the resource's name in the configuration."""


def name_of(given: str) -> str:
    """The name in the configuration of what bascule made, and the given one of anything else."""
    own = _OURS.fullmatch(given)
    return own[1] if own else given


def config(answers: Answers) -> Mapping[str, Any]:
    """The distribution's config, in the API's vocabulary; empty where it couldn't be read."""
    answer = answers["distribution"]
    return answer["Distribution"]["DistributionConfig"] if isinstance(answer, Mapping) else {}


def behaviors(answers: Answers) -> list[Mapping[str, Any]]:
    """The behaviors of the distribution, in the API's vocabulary."""
    found = config(answers)
    return [found["DefaultCacheBehavior"], *_items(found, "CacheBehaviors")] if found else []


def domains(answers: Answers) -> list[str]:
    """The domain names of the origins, in lower case."""
    return [str(origin["DomainName"]).lower() for origin in _items(config(answers), "Origins")]


def _items(found: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    items: Sequence[Mapping[str, Any]] = (found.get(name) or {}).get("Items") or ()
    return items
