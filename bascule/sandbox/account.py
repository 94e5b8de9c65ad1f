"""One AWS account described as data: the models, and the loader that merges a variation over its base."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, Self

from pydantic import BaseModel, ConfigDict, FilePath, ValidationError, model_validator

from bascule.errors import InputError

SHIPPED = Path(__file__).parent
ARQUANTIX = SHIPPED / "arquantix.toml"

Config = dict[str, Any]
"""A request in the AWS API's own vocabulary; checked against the API's model when it is seeded."""


class Table(BaseModel):
    """A table of the account file: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Subnet(Table):
    id: str
    zone: str
    cidr: str


class Network(Table):
    """One VPC whose subnets are all public: their route table leads to the internet gateway."""

    vpc_id: str
    cidr: str
    internet_gateway_id: str
    route_table_id: str
    subnets: tuple[Subnet, ...]


class SecurityGroup(Table):
    """TCP `open_ports` admit 0.0.0.0/0; egress is AWS's default, everything to everywhere."""

    id: str
    name: str
    description: str
    open_ports: tuple[int, ...] = ()


class Bucket(Table):
    """`objects` maps a key to an HTML file, relative to the account file that names it."""

    public: bool = False
    versioned: bool = False
    region: str = ""
    """Empty: the account's own."""
    generated: int = 0
    """So many small objects besides, named page-0001.html and so on."""
    objects: dict[str, FilePath] = {}
    tags: dict[str, str] = {}


class Secrets(Table):
    """Names of SSM SecureStrings; their values are generated at every start."""

    names: tuple[str, ...] = ()


class Image(Table):
    tags: tuple[str, ...]
    pushed_at: datetime


class Repository(Table):
    """`generated` images besides, tagged build-0001 and so on, a minute apart before the first one."""

    name: str
    images: tuple[Image, ...] = ()
    generated: int = 0


class TaskDefinition(Table):
    """`config` is RegisterTaskDefinition's request; `revision` the one that it becomes."""

    revision: int
    config: Config


class Task(Table):
    id: str
    network_interface_id: str
    private_ip: str
    public_ip: str


class Service(Table):
    """`config` is CreateService's request; `tasks` are those that run when the sandbox starts."""

    created_at: datetime
    config: Config
    tasks: tuple[Task, ...] = ()

    @model_validator(mode="after")
    def _one_task_for_each_desired(self) -> Self:
        if len(self.tasks) != self.config.get("desiredCount"):
            raise ValueError(f"{len(self.tasks)} tasks, but a desiredCount of {self.config.get('desiredCount')}")
        return self


class Certificate(Table):
    """An issued ACM certificate; the first domain is its common name. Without `until` it is good for a year."""

    arn: str
    domains: tuple[str, ...]
    until: datetime | None = None


class OriginAccessControl(Table):
    """`config` is CreateOriginAccessControl's request."""

    id: str
    config: Config


class Function(Table):
    """A CloudFront function in stage LIVE."""

    name: str
    code: str


class Distribution(Table):
    """`config` is a DistributionConfig; quantities and defaults may be left out, as the API lets them."""

    id: str
    domain: str
    etag: str
    modified_at: datetime
    config: Config
    tags: dict[str, str] = {}


class Request(Table):
    """One request to the AWS API, made once the sandbox answers; `bascule.sandbox.requests` says how it refers to the
    answers of those before it."""

    service: str
    """boto3's name."""
    operation: str
    """The API's name."""
    region: str = ""
    """Empty: the account's own."""
    parameters: Config = {}


class Account(Table):
    id: str
    region: str
    network: Network
    security_groups: dict[str, SecurityGroup]
    buckets: dict[str, Bucket]
    secrets: Secrets = Secrets()
    repositories: tuple[Repository, ...] = ()
    task_definition: TaskDefinition
    service: Service
    certificates: tuple[Certificate, ...] = ()
    origin_access_controls: tuple[OriginAccessControl, ...] = ()
    functions: tuple[Function, ...] = ()
    distribution: Distribution | None = None
    switches: dict[str, Any] = {}
    """As the sandbox starts with them: `bascule.sandbox.switches`."""
    requests: dict[str, Request] = {}
    """By name, in order."""


def load(path: Path = ARQUANTIX) -> Account:
    """The account that `path` describes, its bases merged in; InputError names file and key."""
    try:
        return Account.model_validate(_merged(path, ()))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            _refuse(
                path, key, f"unknown key {key!r}", "remove it, or see bascule/sandbox/account.py for the known keys"
            )
        _refuse(
            path, key, f"{key}: {first['msg']}", "correct the value; bascule/sandbox/arquantix.toml is a full example"
        )


def merged(base: Config, over: Config) -> Config:
    """`base` with `over` laid on top: tables merge key by key, everything else replaces."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def _merged(path: Path, seen: tuple[Path, ...]) -> Config:
    if path in seen:
        _refuse(path, "base", "the account file is its own base", "let `base` name another file")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the account file: {error.strerror}", where=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"the account file is not TOML: {error}", where=str(path)) from error
    for bucket in data.get("buckets", {}).values():
        bucket["objects"] = {key: str(path.parent / file) for key, file in bucket.get("objects", {}).items()}
    base, remove = data.pop("base", None), data.pop("remove", [])
    if base is None:
        return data
    below = _merged(ARQUANTIX if base == "arquantix" else path.parent / base, (*seen, path))
    for key in remove:
        _remove(below, key, path)
    return merged(below, data)


def _remove(data: Config, key: str, path: Path) -> None:
    *parents, last = key.split(".")
    table: Any = data
    for part in parents:
        table = table.get(part) if isinstance(table, dict) else None
    if not isinstance(table, dict) or last not in table:
        _refuse(path, "remove", f"the base has no {key!r} to remove", "name a key of the base file")
    del table[last]


def _refuse(path: Path, key: str, what: str, remedy: str) -> NoReturn:
    raise InputError(what, where=f"{path}: {key}", remedy=remedy)
