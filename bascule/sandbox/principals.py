"""Who makes a call, and the policies that are attached to them or inline, as moto's IAM and STS hold them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.iam.access_control import CreateAccessKeyFailure, create_access_key
from moto.iam.exceptions import NotFoundException
from moto.iam.models import IAMBackend, Policy, iam_backends
from moto.utilities.utils import get_partition

from bascule.sandbox.calls import Call
from bascule.sandbox.evaluation import Document


@dataclass(frozen=True)
class Caller:
    """Who makes a call."""

    name: str
    """Of the role or user; the access key where it is nobody's."""
    arn: str
    """Empty where the access key is nobody's."""


def caller(call: Call, account: str) -> Caller:
    """The role or user that an access key belongs to."""
    headers = {"X-Amz-Security-Token": call.token} if call.token else {}
    try:
        key: Any = create_access_key(account, get_partition(call.region), call.access_key, headers)
    except CreateAccessKeyFailure:
        return Caller(call.access_key, "")
    arn = str(key.arn)
    return Caller(_name(arn), arn)


def policies_of(arn: str, account: str) -> tuple[Document, ...]:
    """The policies of a user, a role, or a role's session. Raises moto's NotFoundException for any other."""
    iam = iam_backends[account][arn.split(":")[1]]
    kind, name = arn.split(":")[-1].partition("/")[0], _name(arn)
    if kind in ("role", "assumed-role"):
        return tuple(_of_role(iam, name))
    if kind == "user":
        return tuple(_of_user(iam, name))
    raise NotFoundException(f"No such entity: {arn}")


def _name(arn: str) -> str:
    parts = arn.split("/")
    return parts[1] if ":assumed-role/" in arn else parts[-1]


def _of_role(iam: IAMBackend, name: str) -> Iterator[Document]:
    for inline in iam.list_role_policies(name):
        yield json.loads(iam.get_role_policy(name, inline)[1])
    yield from (_attached(policy) for policy in iam.list_attached_role_policies(name)[0])


def _of_user(iam: IAMBackend, name: str) -> Iterator[Document]:
    for inline in iam.list_user_policies(name):
        yield json.loads(iam.get_user_policy(name, inline)["policy_document"])
    yield from (_attached(policy) for policy in iam.list_attached_user_policies(name)[0])
    for group in iam.get_groups_for_user(name):
        for inline in iam.list_group_policies(group.name):
            yield json.loads(iam.get_group_policy(group.name, inline)["policy_document"])
        yield from (_attached(policy) for policy in iam.list_attached_group_policies(group.name)[0])


def _attached(policy: Policy) -> Document:
    document: Document = json.loads(next(version.document for version in policy.versions if version.is_default))
    return document
