"""What a person decided about a site, as frozen values: one model per table of the site file."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from bascule.ladder import Stage

PRINTABLE = r"^[^\p{C}\p{Zl}\p{Zp}]+$"
"""No control characters, line breaks or private use."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1024, pattern=PRINTABLE)]
SecurityGroupId = Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]{8,17}$")]
SubnetId = Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]{8,17}$")]
UrlPath = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9_.*$/~\"'@:+&-]*$", max_length=255)]
ExactPath = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9_.$/~\"'@:+&-]*$", max_length=255)]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
DomainName = Annotated[
    str, StringConstraints(pattern=r"^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+([a-z]{2,}|xn--[a-z0-9-]+)$")
]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]


class _Table(BaseModel):
    # Deferred: the site's own validator has those of its tables in it, which nobody needs by themselves.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


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
    """`http`: listener on port 80, as the audit proposes. `https`: listener on 443, needs `certificate_arn`. Changed at
    `attach` or below: the listener would change minutes before CloudFront follows."""
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


class Plan(_Table):
    """`[plan]`: what makes a reviewed plan too old."""

    max_age: int = Field(default=120, ge=1, le=10_080)
    """Minutes for which a saved plan may be applied; after that the account may have moved on unseen."""


class Gates(_Table):
    """`[gates]`: what has to be seen before a step."""

    settling: int | None = Field(default=None, ge=0, le=3600)
    """Seconds for which every target has to be healthy whenever it is looked at; absent: `health_check.interval`, in
    which the ALB checks each one again."""


class Verify(_Table):
    """`[verify]`: what `bascule verify` may expect of the site."""

    old_marker: Text | None = None
    """Text that only the old page has; absent: the bucket's index.html, byte for byte or by its title."""
    new_marker: Text | None = None
    """Text that only the new page has; absent: what Next.js writes (`/_next/`, or `X-Powered-By`)."""
    post_path: ExactPath | None = None
    """Path that is sent a POST with a short text; absent: `probe_path`. Any answer of the application passes."""
    echo_path: ExactPath | None = None
    """Path at which the application repeats query string and cookies; absent: cookies read `unknown`."""
    hsts_min_age: int | None = Field(default=None, ge=0, le=63_072_000)
    """Least max-age of Strict-Transport-Security in seconds; absent: HSTS reads `not configured`."""

    @model_validator(mode="after")
    def _markers_differ(self) -> Verify:
        if self.old_marker is not None and self.old_marker == self.new_marker:
            raise ValueError("old_marker and new_marker are the same text: they have to tell the pages apart")
        return self


class Waiver(_Table):
    """`[[waivers]]`: a rule of the plan review, or a check of preflight, that this site does without, for a reason and
    for a time."""

    rule: Annotated[str, StringConstraints(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]
    """Id of the rule or check; `bascule review --explain RULE` or `bascule preflight --explain CHECK` says what it is
    about."""
    reason: Text
    """Why, for whoever reads the review."""
    expires: date
    """Last day on which it counts."""
    who: Text
    """Who decided it."""


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
    plan: Plan = Plan()
    gates: Gates = Gates()
    verify: Verify = Verify()
    state: Annotated[S3State | HcpState, Field(discriminator="backend")]
    waivers: tuple[Waiver, ...] = ()

    def import_ids(self) -> dict[str, str]:
        """Terraform import id of each adopted resource, by its type (registry.terraform.io, each one's "Import")."""
        return {
            "aws_cloudfront_distribution": self.distribution.id,
            "aws_s3_bucket": self.bucket.name,
            "aws_ecs_service": f"{self.service.cluster}/{self.service.name}",
        }

    @field_validator("aliases", "waivers", mode="before")
    @classmethod
    def _tuple(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("waivers")
    @classmethod
    def _once(cls, value: tuple[Waiver, ...]) -> tuple[Waiver, ...]:
        rules = [waiver.rule for waiver in value]
        if doubled := sorted({rule for rule in rules if rules.count(rule) > 1}):
            raise ValueError(f"{doubled[0]} is waived twice; keep one")
        return value

    @model_validator(mode="after")
    def _state_elsewhere(self) -> Site:
        if isinstance(self.state, S3State) and self.state.bucket == self.bucket.name:
            raise ValueError("state.bucket is the site's own bucket; keep state where no visitor can reach it")
        return self
