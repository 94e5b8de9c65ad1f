"""Reads what was adopted: `imports/<site>/*.tf` below the working directory, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bascule import hcl
from bascule.errors import InputError

ADOPT = "run `bascule adopt`, which reads the live account"

RESTORE = f"restore the file from version control, or {ADOPT}"


@dataclass(frozen=True)
class Facts:
    """What no adopted resource carries, read from the account when it was adopted."""

    account: str
    """AWS account id."""
    distribution_id: str
    """The distribution that was adopted: its configuration doesn't name it."""
    vpc_id: str
    """VPC of the service's subnets."""
    zones: Mapping[str, str]
    """Availability zone name of every subnet of that VPC, by subnet id."""
    container: str
    """Container of the running task definition that listens on the site's container port."""
    container_port: int
    """The port it listens on."""


@dataclass(frozen=True)
class Adopted:
    """The adopted resources' arguments in Terraform's own vocabulary, and the facts beside them."""

    distribution: Mapping[str, Any]
    bucket: Mapping[str, Any]
    service: Mapping[str, Any]
    facts: Facts


def read(site: str, workspace: Path) -> Adopted:
    """What was adopted of `site`. Raises InputError naming the file where one is missing or can't be used."""
    folder = workspace / "imports" / site
    return Adopted(
        distribution=_resource(folder / "distribution.tf", "aws_cloudfront_distribution"),
        bucket=_resource(folder / "bucket.tf", "aws_s3_bucket"),
        service=_resource(folder / "service.tf", "aws_ecs_service"),
        facts=_facts(folder / "facts.tf"),
    )


def _resource(path: Path, type_: str) -> Mapping[str, Any]:
    try:
        (values,) = _body(path)["resource"][type_].values()
    except (KeyError, ValueError, TypeError, AttributeError):
        raise InputError(f"holds no single {type_}", where=str(path), remedy=RESTORE) from None
    if not isinstance(values, dict):
        raise InputError(f"holds no single {type_}", where=str(path), remedy=RESTORE)
    return values


def _facts(path: Path) -> Facts:
    try:
        (values,) = _body(path)["locals"]
        return Facts(
            account=str(values["account"]),
            distribution_id=str(values["distribution_id"]),
            vpc_id=str(values["vpc_id"]),
            zones={str(subnet): str(zone) for subnet, zone in values["zones"].items()},
            container=str(values["container"]),
            container_port=int(values["container_port"]),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"not the facts of a site: {error}", where=str(path), remedy=RESTORE) from None


def _body(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError("this site isn't adopted yet: no such file", where=str(path), remedy=ADOPT) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"can't be read: {error}", where=str(path), remedy=RESTORE) from None
    try:
        return hcl.loads(text, where=str(path))
    except InputError as error:
        raise InputError(error.what, where=error.where, remedy=error.remedy or RESTORE) from None
