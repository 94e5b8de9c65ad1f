"""The site file: read into values, or refused with file, key, reason and fix; and its one word that commands change."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from pydantic import ValidationError

from bascule.errors import InputError
from bascule.ladder import Stage
from bascule.site import Site

SITE_NAME = re.compile(r"(?!(?:internal|sg)(?:-|$))[a-z][a-z0-9-]{0,17}[a-z0-9]")
"""A site's name leads the names of its load balancer and target group, which AWS limits to 32 characters and forbids to
begin with `internal-`, and of its security groups, which may not begin with `sg-` (ELB and EC2 API)."""


def load(path: Path) -> Site:
    """The site that `path` describes. Raises InputError naming file, key and reason."""
    if not SITE_NAME.fullmatch(path.stem):
        raise InputError(
            f"{path.stem!r} can't be a site's name",
            where=str(path),
            remedy="use 2 to 19 lowercase letters, digits and hyphens, a letter first, not internal- or sg-: it leads "
            "the names of resources",
        )
    return parse(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The site file's text. Raises InputError if it isn't there or isn't UTF-8."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        raise InputError("no such site file", where=str(path), remedy=_others(path)) from None
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text: {error.reason} at byte {error.start}", where=str(path)) from None
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}", where=str(path)) from None


def _others(path: Path) -> str:
    names = sorted(other.stem for other in path.parent.glob("*.toml"))
    return f"name one of {', '.join(names)}; or write it" if names else "write it (docs/site-file.md says how)"


def parse(text: str, where: str) -> Site:
    """The site that TOML `text` describes; `where` names the file in errors. Raises InputError."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        remedy = "look at the line that it names: text stands in quotes, a table's name in brackets"
        raise InputError(f"not TOML: {reason}"[:SHOWN_WIDTH], where=where, remedy=remedy) from None
    try:
        return Site.model_validate(table)
    except ValidationError as error:
        raise InputError(_reasons(error), where=where, remedy="docs/site-file.md lists every key") from None


SHOWN_REASONS = 8
SHOWN_WIDTH = 180
"""An error fits one screen; the rest shows up once these are mended."""


def _reasons(error: ValidationError) -> str:
    lines = []
    for item in error.errors(include_url=False, include_context=False)[:SHOWN_REASONS]:
        loc = item["loc"]
        if loc[:1] == ("state",):
            loc = (loc[0], *loc[2:])  # the second part is the model, s3 or hcp, and not in the file
        key = ".".join(str(part) for part in loc)[:80] or "(file)"
        reason = item["msg"].removeprefix("Value error, ")
        if item["type"] == "missing":
            reason = f"missing; {_HOW_TO_FIND.get(key, 'it has no default')}"
        elif item["type"] == "extra_forbidden":
            reason = "unknown key"
        elif item["type"].startswith("union_tag_"):
            key, reason = f"{key}.backend", 'has to be "s3" or "hcp"'
        elif item["type"] == "tuple_type":
            reason = "has to be a list"
        elif isinstance(item["input"], str | int | float):
            reason = f"{reason}; found {item['input']!r:.60}"
        lines.append(f"{key}: {reason}".replace("\n", "\\n")[:SHOWN_WIDTH])
    more = error.error_count() - len(lines)
    return "\n".join(lines + ([f"and {more} more"] if more > 0 else []))


_HOW_TO_FIND = {
    "stage": f"one of {', '.join(s.value for s in Stage)}; begin with adopt",
    "strategy": 'write "create-alb"',
    "region": "the region of the ECS service, e.g. from its ARN",
    "aliases": "`aws cloudfront get-distribution --id ID --query Distribution.DistributionConfig.Aliases.Items`",
    "distribution.id": "`aws cloudfront list-distributions --query 'DistributionList.Items[].[Id,Aliases.Items]'`",
    "bucket.name": "the bucket behind the distribution's S3 origin",
    "service.cluster": "`aws ecs list-clusters`",
    "service.name": "`aws ecs list-services --cluster CLUSTER`",
    "service.container_port": "containerPort in the running task definition (Next.js: 3000)",
    "origin.secret_parameter": "choose a name such as /bascule/SITE/origin-secret, then `bascule secret create`",
    "state": 'a table with backend = "s3" or "hcp"',
}


_STAGE_LINE = re.compile(r"""^(?P<before>[ \t]*stage[ \t]*=[ \t]*)(?:"[^"\n]*"|'[^'\n]*')""", re.MULTILINE)


def stage_of(text: str, where: str) -> Stage | None:
    """The stage that a site file's text asks for; None for an empty text. Raises InputError if it says none."""
    try:
        return Stage(tomllib.loads(text)["stage"]) if text else None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError, KeyError):
        known = ", ".join(stage.value for stage in Stage)
        raise InputError("no stage can be read", where=where, remedy=f"stage is one of {known}") from None


def with_stage(text: str, stage: Stage, where: str) -> str:
    """`text` with its `stage` line set, every other byte kept. Raises InputError if that can't be done."""
    first_table = re.search(r"^[ \t]*\[", text, re.MULTILINE)
    head = text[: first_table.start()] if first_table else text
    changed = _STAGE_LINE.sub(lambda m: f'{m["before"]}"{stage.value}"', head, count=1) + text[len(head) :]
    wanted = parse(text, where).model_copy(update={"stage": stage})
    try:
        if parse(changed, where) == wanted:
            return changed
    except InputError:
        pass
    raise InputError('no plain `stage = "…"` line to change', where=where, remedy=f'write stage = "{stage}" by hand')
