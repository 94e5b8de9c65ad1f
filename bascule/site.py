"""The site file: what a person decided, as frozen values, with errors that name file, key and fix."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from bascule.errors import InputError
from bascule.ladder import Stage

SITE_NAME = re.compile(r"(?!(?:internal|sg)(?:-|$))[a-z][a-z0-9-]{0,17}[a-z0-9]")
"""A site's name leads the names of its load balancer and target group, which AWS limits to 32 characters and forbids to
begin with `internal-`, and of its security groups, which may not begin with `sg-` (ELB and EC2 API)."""

PRINTABLE = r"^[^\p{C}\p{Zl}\p{Zp}]+$"
"""No control characters, line breaks or private use."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1024, pattern=PRINTABLE)]
SecurityGroupId = Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]{8,17}$")]
SubnetId = Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]{8,17}$")]
UrlPath = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9_.*$/~\"'@:+&-]*$", max_length=255)]
ExactPath = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9_.$/~\"'@:+&-]*$", max_length=255)]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
DomainName = Annotated[str, StringConstraints(pattern=r"^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$")]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Distribution(_Table):
    """`[distribution]`: the live CloudFront distribution and how it is probed."""

    id: Annotated[str, StringConstraints(pattern=r"^E[A-Z0-9]{7,20}$")]
    """Distribution id, as the CloudFront console's list shows it."""
    probe_path: ExactPath = "/api/health"
    """Path, without wildcards, routed to the ALB from `connect` on: the application can be asked through CloudFront
    before visitors are sent to it. No visitor of the old site uses it; `/api/health` is a convention for Next.js."""
    static_path: UrlPath = "/_next/static/*"
    """Path pattern of the application's immutable assets, cached from `serve` on; Next.js names them by content."""


class Bucket(_Table):
    """`[bucket]`: the S3 bucket that holds the old site."""

    name: BucketName
    """Bucket name."""


class Service(_Table):
    """`[service]`: the live ECS service that runs the application."""

    cluster: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,255}$")]
    """Cluster name (not the ARN)."""
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,255}$")]
    """Service name."""
    container: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,255}$")] | None = None
    """Container that serves the application; needed only if more than one container listens on `container_port`."""
    container_port: int = Field(ge=1, le=65535)
    """TCP port on which the container listens."""
    keep_security_groups: tuple[SecurityGroupId, ...] = ()
    """Security groups of the tasks that stay beside ours, because others (a database, an endpoint) name them."""
    health_check_grace_period: int | None = Field(default=None, ge=0, le=2_147_483_647)
    """Seconds, set from `connect` on and gone below it, never in the call that attaches the load balancer
    (hashicorp/terraform-provider-aws issue 31104). Absent: start-up slack is interval x unhealthy_threshold."""
    steady_state_timeout: int = Field(default=20, ge=1, le=120)
    """Minutes to wait for the service to be steady after a change; 20 is the provider's own default."""

    @field_validator("keep_security_groups", mode="before")
    @classmethod
    def _tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


class Origin(_Table):
    """`[origin]`: how CloudFront talks to the ALB."""

    protocol: Literal["http", "https"] = "http"
    """`http`: listener on port 80, as the audit proposes. `https`: listener on 443, needs `certificate_arn`."""
    certificate_arn: (
        Annotated[
            str, StringConstraints(pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$")
        ]
        | None
    ) = None
    """ACM certificate in the ALB's region that covers the site's aliases: CloudFront forwards the viewer's Host, and
    the origin's certificate must match either that or the origin's domain (CloudFront developer guide, HTTP 502)."""
    secret_parameter: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9_./-]{1,1010}$")]
    """Name of the SSM SecureString that holds the secret header's value; `bascule secret create` makes it."""
    secret_header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,39}$")] = "X-Origin-Verify"
    """Header by which the ALB knows CloudFront; at most 40 characters (ELB API, HttpHeaderConditionConfig)."""
    connection_attempts: int = Field(default=3, ge=1, le=3)
    """Tries to connect before CloudFront gives up; 3 is its default and maximum."""
    connection_timeout: int = Field(default=10, ge=1, le=10)
    """Seconds for each try to connect; 10 is CloudFront's default and maximum."""
    read_timeout: int = Field(default=30, ge=1, le=120)
    """Seconds that CloudFront waits for the application's answer; 30 is CloudFront's default, 120 its maximum."""
    keepalive_timeout: int = Field(default=5, ge=1, le=120)
    """Seconds that CloudFront keeps an idle connection; 5 is its default, and below the ALB's 3,600 for clients."""

    @field_validator("secret_header")
    @classmethod
    def _not_reserved(cls, value: str) -> str:
        if value.lower().startswith(("x-amz-", "x-edge-", "x-amzn-")) or value.lower() in _RESERVED_HEADERS:
            raise ValueError(f"CloudFront refuses {value} as a custom origin header; use for instance X-Origin-Verify")
        return value

    @model_validator(mode="after")
    def _https_needs_certificate(self) -> Origin:
        if self.protocol == "https" and self.certificate_arn is None:
            raise ValueError('protocol = "https" needs certificate_arn: an ACM certificate in the ALB\'s region')
        if self.protocol == "http" and self.certificate_arn is not None:
            raise ValueError('certificate_arn is used only with protocol = "https"')
        return self


_RESERVED_HEADERS = frozenset(
    {
        "cache-control",
        "connection",
        "content-length",
        "cookie",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "max-forwards",
        "pragma",
        "proxy-authorization",
        "proxy-connection",
        "range",
        "request-range",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-real-ip",
    }
)
"""Source: CloudFront developer guide, custom headers that CloudFront can't add to origin requests."""


class LoadBalancer(_Table):
    """`[load_balancer]`: the Application Load Balancer that is built."""

    subnets: tuple[SubnetId, ...] = ()
    """Public subnets, at least two zones; absent: the service's own subnets."""
    idle_timeout: int = Field(default=60, ge=1, le=4000)
    """Seconds; AWS's default. The application's keep-alive has to be longer, or visitors see sporadic 502."""
    deregistration_delay: int = Field(default=30, ge=0, le=3600)
    """Seconds a leaving task may finish its requests: CloudFront's read timeout, and what ECS grants after SIGTERM."""

    @field_validator("subnets", mode="before")
    @classmethod
    def _tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


class HealthCheck(_Table):
    """`[health_check]`: how the target group decides that a task is healthy.

    A new task has `interval` x `unhealthy_threshold` seconds to answer before ECS replaces it: 120 by default, which
    covers the 60 to 120 s that a Next.js task takes to start on Fargate.
    """

    path: UrlPath = "/"
    """Path asked of the task; the ALB sends the task's IP as Host."""
    matcher: Annotated[
        str, StringConstraints(pattern=r"^[2-4][0-9]{2}(-[2-4][0-9]{2})?(,[2-4][0-9]{2}(-[2-4][0-9]{2})?)*$")
    ] = "200-399"
    """Status codes that count as healthy, 200 to 499; `/` of a Next.js site may redirect to a locale."""
    interval: int = Field(default=15, ge=5, le=300)
    """Seconds between two checks."""
    timeout: int = Field(default=5, ge=2, le=120)
    """Seconds to wait for one answer; must be below `interval`."""
    healthy_threshold: int = Field(default=2, ge=2, le=10)
    """Checks in a row that make an unhealthy task healthy again."""
    unhealthy_threshold: int = Field(default=8, ge=2, le=10)
    """Checks in a row that make a task unhealthy."""

    @model_validator(mode="after")
    def _timeout_below_interval(self) -> HealthCheck:
        if self.timeout >= self.interval:
            raise ValueError(f"timeout = {self.timeout} has to be below interval = {self.interval}: AWS refuses it")
        return self


class S3State(_Table):
    """`[state]` with `backend = "s3"`: state in a versioned bucket, locked by a lock file beside it."""

    backend: Literal["s3"]
    """State in S3."""
    bucket: BucketName
    """State bucket: never the site's bucket."""
    key: Text
    """Object key of the state."""
    region: Region
    """The state bucket's region."""


class HcpState(_Table):
    """`[state]` with `backend = "hcp"`: state and runs in HCP Terraform (Terraform Cloud)."""

    backend: Literal["hcp"]
    """State in HCP Terraform."""
    organization: Text
    """Organization name."""
    project: Text | None = None
    """Project name; absent: the workspace's own."""
    workspace: Text
    """Workspace name."""
    hostname: DomainName | None = None
    """Terraform Enterprise host; absent: app.terraform.io."""


class Site(_Table):
    """One site: `sites/<name>.toml`."""

    stage: Stage = Field(strict=False)
    """The rung wanted; the only place where it is said."""
    strategy: Literal["create-alb"]
    """How the application is reached: `create-alb` is the audit's option 2."""
    region: Region
    """AWS region of bucket, service and ALB."""
    account: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")] | None = None
    """AWS account id; absent: the one that `bascule adopt` recorded."""
    aliases: tuple[DomainName, ...]
    """Host names that visitors use, as the distribution lists them."""
    distribution: Distribution
    bucket: Bucket
    service: Service
    origin: Origin
    load_balancer: LoadBalancer = LoadBalancer()
    health_check: HealthCheck = HealthCheck()
    state: Annotated[S3State | HcpState, Field(discriminator="backend")]

    def import_ids(self) -> dict[str, str]:
        """Terraform import id of each adopted resource, by its type (registry.terraform.io, each one's "Import")."""
        return {
            "aws_cloudfront_distribution": self.distribution.id,
            "aws_s3_bucket": self.bucket.name,
            "aws_ecs_service": f"{self.service.cluster}/{self.service.name}",
        }

    @field_validator("aliases", mode="before")
    @classmethod
    def _tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _state_elsewhere(self) -> Site:
        if isinstance(self.state, S3State) and self.state.bucket == self.bucket.name:
            raise ValueError("state.bucket is the site's own bucket; keep state where no visitor can reach it")
        return self


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
        raise InputError(
            "no such site file", where=str(path), remedy="write it (sites/arquantix.toml is an example)"
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text: {error.reason} at byte {error.start}", where=str(path)) from None
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}", where=str(path)) from None


def parse(text: str, where: str) -> Site:
    """The site that TOML `text` describes; `where` names the file in errors. Raises InputError."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"not TOML: {reason}"[:SHOWN_WIDTH], where=where) from None
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
