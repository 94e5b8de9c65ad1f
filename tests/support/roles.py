"""Roles in a sandbox: made through its own IAM, assumed through its own STS."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3

from bascule.sandbox import control
from bascule.sandbox.control import Running

Document = Mapping[str, Any]

ANYBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
EVERYTHING: Document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
"""An administrator's policy."""


def client(running: Running, service: str, **options: Any) -> Any:
    """An administrator's client."""
    return boto3.Session().client(
        service,
        endpoint_url=running.endpoint,
        region_name=running.region,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
        **options,
    )


def allow(*actions: str, resource: str = "*", **condition: Mapping[str, Any]) -> Document:
    """A policy that allows `actions`; each keyword is a condition operator."""
    return _policy("Allow", actions, resource, condition)


def deny(*actions: str, resource: str = "*", **condition: Mapping[str, Any]) -> Document:
    """A policy that denies `actions`."""
    return _policy("Deny", actions, resource, condition)


def _policy(effect: str, actions: tuple[str, ...], resource: str, condition: Mapping[str, Any]) -> Document:
    statement: dict[str, Any] = {"Effect": effect, "Action": list(actions), "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]}


def put(running: Running, name: str, **policies: Document) -> None:
    """Make the role if it isn't there, and give it exactly these policies, each by its name."""
    iam = client(running, "iam")
    try:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(ANYBODY))
    except iam.exceptions.EntityAlreadyExistsException:
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for policy, document in policies.items():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


def credentials(running: Running, name: str) -> dict[str, str]:
    """A session of the role, as the variables that every AWS client reads."""
    arn = f"arn:aws:iam::{running.account_id}:role/{name}"
    found = client(running, "sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return {
        **control.environment(running),
        "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
        "AWS_SESSION_TOKEN": found["SessionToken"],
    }


def clients(running: Running, name: str) -> Any:
    """Makes clients of one session of the role."""
    session = credentials(running, name)

    def make(service: str, **options: Any) -> Any:
        return boto3.Session().client(
            service,
            endpoint_url=running.endpoint,
            region_name=options.pop("region_name", running.region),
            aws_access_key_id=session["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=session["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=session["AWS_SESSION_TOKEN"],
            **options,
        )

    return make


@contextmanager
def acting_as(session: Mapping[str, str]) -> Iterator[None]:
    """Meanwhile, this process's environment holds the credentials of `session`."""
    before = dict(os.environ)
    os.environ.update(session)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
