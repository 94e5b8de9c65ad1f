"""The one seam that makes AWS clients: standard AWS variables and profiles choose account, credentials and endpoint."""

from __future__ import annotations

import ipaddress
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from bascule.errors import BasculeError

Client = Any
"""A client of botocore's, which has no types of its own."""


class Clients(Protocol):
    """Gives the client of a service by its botocore name, such as "ecs", in the site's region or another one."""

    def __call__(self, service: str, region: str | None = None, /) -> Client: ...


CONNECTIONS = 32
"""Connections that one client keeps: the inventory asks many things at once."""


@dataclass(frozen=True)
class Identity:
    """Who is asking, and where."""

    account: str
    arn: str
    region: str
    endpoint: str
    """S3's endpoint where it isn't AWS's own, else empty."""
    others: tuple[str, ...] = ()
    """Endpoints that the environment names for single services."""
    clock_ahead: float = 0.0
    """Seconds by which this machine's clock is ahead of AWS's, as the answer's Date header tells it."""

    def __str__(self) -> str:
        endpoints = sorted({self.endpoint, *self.others} - {""})
        where = f", endpoint {', '.join(endpoints)} (not AWS)" if endpoints else ""
        return f"account {self.account}, region {self.region}{where}, as {self.arn}"


def clients(region: str) -> Clients:
    """Clients for `region`; CloudFront, which is global, is signed for us-east-1. They retry as botocore does."""
    from botocore.config import Config
    from botocore.session import Session

    session = Session()
    config = Config(
        retries={"mode": "standard"}, connect_timeout=5, user_agent_extra="bascule", max_pool_connections=CONNECTIONS
    )
    made: dict[tuple[str, str], Client] = {}
    making = threading.Lock()  # a session isn't safe to share between threads; the clients that it makes are

    def client(service: str, other: str | None = None, /) -> Client:
        key = service, other or region
        with making:
            if key in made:
                return made[key]
            with readable():
                try:
                    made[key] = session.create_client(service, region_name=key[1], config=config)
                except ValueError as error:
                    # botocore's word for settings that it can't use, such as an AWS_ENDPOINT_URL without a scheme.
                    raise BasculeError(
                        f"AWS settings can't be used: {error}",
                        remedy="check AWS_ENDPOINT_URL, the other AWS_ variables and ~/.aws/config",
                    ) from None
            return made[key]

    return client


def identity(clients: Clients, region: str) -> Identity:
    """Who the credentials belong to. Raises BasculeError with the remedy where there are none, or none that work."""
    from botocore.exceptions import ClientError

    with readable():
        try:
            answer = clients("sts").get_caller_identity()
        except ClientError as error:
            if code(error) in INVALID and _known_elsewhere(clients):
                raise BasculeError(
                    f"{region} doesn't take these credentials, and another region does",
                    where=f"STS in {region}",
                    remedy=f"enable the region: `aws account enable-region --region-name {region}`, which takes "
                    "minutes; or get a token that all regions take, from a regional STS",
                ) from None
            raise
    now = time.time()
    others = {url for name, url in os.environ.items() if name.startswith("AWS_ENDPOINT_URL_") and not _is_aws(url)}
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    ahead = now - parsedate_to_datetime(date).timestamp() if date else 0.0
    return Identity(
        answer["Account"], answer["Arn"], region, foreign_endpoint(clients), tuple(sorted(others)), clock_ahead=ahead
    )


def _known_elsewhere(clients: Clients) -> bool:
    """Whether credentials that a region doesn't know are valid in one that every account has: a region that is to be
    opted in to refuses them until then, and tokens of version 1 always (IAM user guide, STS in Regions)."""
    from botocore.exceptions import ClientError

    try:
        clients("sts", "us-east-1").get_caller_identity()
    except ClientError:
        return False
    return True


def foreign_endpoint(clients: Clients) -> str:
    """The S3 endpoint in use, where the environment or a profile names one that isn't AWS's; else empty."""
    with readable():
        url: str = clients("s3").meta.endpoint_url
    return "" if _is_aws(url) else url


def _is_aws(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))


def is_loopback(endpoint: str) -> bool:
    """Whether an endpoint's host is this machine; an empty endpoint is AWS, which is not."""
    host = urlsplit(endpoint).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def readable() -> Iterator[None]:
    """Turn botocore's exceptions into a BasculeError with a remedy."""
    from botocore import exceptions

    try:
        yield
    except (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.TokenRetrievalError,
        exceptions.SSOError,
    ) as error:
        raise BasculeError(
            f"no AWS credentials: {error}",
            remedy="set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws sso login`",
        ) from None
    except exceptions.ProfileNotFound as error:
        raise BasculeError(str(error), remedy="correct AWS_PROFILE; `aws configure list-profiles` lists them") from None
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        raise BasculeError(
            f"AWS doesn't answer: {error}",
            remedy="check the network, the region, and AWS_ENDPOINT_URL if it is set (a sandbox that was stopped "
            'doesn\'t answer: start it and `eval "$(bascule sandbox env)"` anew, or open a new shell)',
        ) from None
    except exceptions.ClientError as error:
        raise _client_error(error) from None
    except exceptions.BotoCoreError as error:
        raise BasculeError(f"AWS call failed: {error}") from None


def code(error: Any) -> str:
    """The AWS error code of a botocore ClientError."""
    return str(error.response.get("Error", {}).get("Code", ""))


EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
INVALID = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure"})
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"})
"""HeadBucket's answer has no body, so its code is the status."""


SKEWED = frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"})
THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"}
)


def _client_error(error: Any) -> BasculeError:
    message = error.response.get("Error", {}).get("Message", "")
    what = f"{error.operation_name}: {code(error)}: {message}"
    if code(error) in EXPIRED:
        return BasculeError(what, remedy="the credentials have expired: log in again (`aws sso login`)")
    if code(error) in INVALID:
        return BasculeError(what, remedy="AWS doesn't know these credentials: check AWS_PROFILE and the access key")
    if code(error) in SKEWED or "Signature expired" in message:
        return BasculeError(what, remedy="this machine's clock is wrong: set it (AWS allows 15 minutes)")
    if code(error) in DENIED:
        return BasculeError(what, remedy="allow the call to this role, or use another one")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code(error) in THROTTLED or status >= 500:
        return BasculeError(what, remedy="AWS is busy or has a fault, at every try: repeat the command in a while")
    return BasculeError(what)
