"""The seam to AWS: errors that say what to do, and whose endpoint it is."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import exceptions
from example import Call, Refusal, account

from bascule import aws
from bascule.aws import Identity
from bascule.errors import BasculeError


def client_error(code: str, message: str = "no") -> exceptions.ClientError:
    return exceptions.ClientError({"Error": {"Code": code, "Message": message}}, "DescribeServices")


ERRORS: Mapping[str, tuple[Exception, str, str]] = {
    "no credentials": (exceptions.NoCredentialsError(), "no AWS credentials", "set AWS_PROFILE"),
    "half of them": (
        exceptions.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        "AWS_SECRET_ACCESS_KEY",
        "set AWS_PROFILE",
    ),
    "no token": (
        exceptions.TokenRetrievalError(provider="sso", error_msg="expired"),
        "no AWS credentials",
        "aws sso login",
    ),
    "a session of single sign-on that is over": (
        exceptions.UnauthorizedSSOTokenError(),
        "no AWS credentials",
        "aws sso login",
    ),
    "no such session": (exceptions.SSOTokenLoadError(error_msg="none"), "no AWS credentials", "aws sso login"),
    "a credential process that fails": (
        exceptions.CredentialRetrievalError(provider="custom-process", error_msg="exit 1"),
        "no AWS credentials",
        "set AWS_PROFILE",
    ),
    "no such profile": (exceptions.ProfileNotFound(profile="prod"), "(prod)", "correct AWS_PROFILE"),
    "nobody listens": (
        exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
        "AWS doesn't answer",
        "check the network",
    ),
    "nobody answers": (
        exceptions.ConnectTimeoutError(endpoint_url="https://ecs.example"),
        "AWS doesn't answer",
        "check the network",
    ),
    "the answer stops": (
        exceptions.ReadTimeoutError(endpoint_url="https://ecs.example"),
        "AWS doesn't answer",
        "check the network",
    ),
    "a certificate nobody knows": (
        exceptions.SSLError(endpoint_url="https://ecs.example", error="self-signed"),
        "self-signed",
        "check the network",
    ),
    "expired": (client_error("ExpiredToken"), "DescribeServices: ExpiredToken: no", "log in again"),
    "expired, says ECS": (client_error("ExpiredTokenException"), "ExpiredTokenException", "log in again"),
    "unknown key": (client_error("InvalidClientTokenId"), "InvalidClientTokenId", "AWS doesn't know these"),
    "wrong secret": (client_error("SignatureDoesNotMatch"), "SignatureDoesNotMatch", "AWS doesn't know these"),
    "denied": (client_error("AccessDenied"), "AccessDenied", "allow the call to this role"),
    "denied, says EC2": (client_error("UnauthorizedOperation"), "UnauthorizedOperation", "allow the call"),
    "denied, says HeadBucket": (client_error("403", "Forbidden"), "403: Forbidden", "allow the call"),
    "throttled": (client_error("Throttling", "slower"), "DescribeServices: Throttling: slower", "repeat the command"),
    "a fault of AWS's": (
        exceptions.ClientError({"Error": {"Code": "Oops"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "ListX"),
        "ListX: Oops",
        "repeat the command",
    ),
    "any other error": (client_error("ServiceNotFoundException"), "DescribeServices: ServiceNotFoundException", ""),
    "an answer without an error": (exceptions.ClientError({}, "ListX"), "ListX", ""),
    "a setting that botocore refuses": (
        exceptions.ConfigParseError(path="config"),
        "AWS call failed: Unable to parse config file",
        "",
    ),
}


@pytest.mark.parametrize(("error", "what", "remedy"), ERRORS.values(), ids=ERRORS)
def test_readable_says_what_failed_and_what_to_do(error: Exception, what: str, remedy: str) -> None:
    """botocore's own exceptions never come through; exit code 1, since nobody wrote something wrong."""
    with pytest.raises(BasculeError) as caught, aws.readable():
        raise error
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert (1, True) == (caught.value.exit_code, caught.value.__suppress_context__)


@pytest.mark.parametrize("error", [BasculeError("ours"), KeyError("a bug"), KeyboardInterrupt()])
def test_readable_leaves_everything_else_alone(error: BaseException) -> None:
    """An error that is readable already stays as it is, and a bug isn't dressed up as AWS's."""
    with pytest.raises(type(error)) as caught, aws.readable():
        raise error
    assert error is caught.value


@pytest.mark.parametrize(
    ("endpoint", "loopback"),
    [
        ("http://127.0.0.1:5000", True),
        ("http://127.9.9.9", True),
        ("http://localhost:4566", True),
        ("http://LOCALHOST", True),
        ("http://[::1]:5000", True),
        ("", False),
        ("https://s3.me-central-1.amazonaws.com", False),
        ("http://10.0.0.1:5000", False),
        ("http://0.0.0.0:5000", False),
        ("http://[fe80::1]:5000", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://example.com/?127.0.0.1", False),
        ("http://127.0.0.1@example.com", False),
    ],
)
def test_only_this_machine_is_loopback(endpoint: str, loopback: bool) -> None:
    """The path-style override is written for these and no others."""
    assert loopback == aws.is_loopback(endpoint)


@pytest.mark.parametrize(
    ("url", "foreign"),
    [
        ("https://s3.me-central-1.amazonaws.com", False),
        ("https://s3.cn-north-1.amazonaws.com.cn", False),
        ("https://s3.dualstack.eu-west-1.amazonaws.com", False),
        ("https://s3.eu-west-1.api.aws", False),
        ("http://127.0.0.1:5000", True),
        ("https://minio.example.com", True),
        ("https://amazonaws.com.example.com", True),
        ("https://notamazonaws.com", True),
    ],
)
def test_an_endpoint_that_is_not_aws_s_is_told(url: str, foreign: bool) -> None:
    """Empty where it is AWS's own."""

    def clients(service: str) -> Any:
        return SimpleNamespace(meta=SimpleNamespace(endpoint_url=url))

    assert (url if foreign else "") == aws.foreign_endpoint(clients)


def test_clients_are_made_once_for_the_site_s_region() -> None:
    """CloudFront, which is global, is signed for us-east-1 whatever the region."""
    clients = aws.clients("me-central-1")
    assert clients("ecs") is clients("ecs")
    assert "me-central-1" == clients("ecs").meta.region_name


def test_identity_says_who_asks_and_where() -> None:
    """An endpoint that isn't AWS's is part of it."""
    answer = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/me", "UserId": "AIDAEXAMPLE123456"}
    s3 = SimpleNamespace(meta=SimpleNamespace(endpoint_url="http://127.0.0.1:5000"))
    with account(Call("sts", "get_caller_identity", answer)) as stubbed:
        found = aws.identity(lambda service: s3 if service == "s3" else stubbed(service), "me-central-1")
    assert Identity("123456789012", answer["Arn"], "me-central-1", "http://127.0.0.1:5000") == found
    assert "account 123456789012, region me-central-1, endpoint http://127.0.0.1:5000 (not AWS), as " in str(found)
    assert "endpoint" not in str(Identity("123456789012", answer["Arn"], "me-central-1", ""))


def test_identity_of_expired_credentials_says_so() -> None:
    """The first call of every command."""
    expired = Call("sts", "get_caller_identity", Refusal("ExpiredToken"))
    with account(expired) as clients, pytest.raises(BasculeError, match="GetCallerIdentity: ExpiredToken"):
        aws.identity(clients, "me-central-1")
