"""The switches that make AWS fail, through boto3 as Terraform and bascule would meet them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import botocore.exceptions
import pytest
from botocore.config import Config

from bascule.errors import InputError
from bascule.sandbox import control
from bascule.sandbox.control import Running

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def faults(sandbox: Running) -> Iterator[Callable[..., Any]]:
    """Sets faults of the shared sandbox, and takes them away afterwards."""
    yield lambda *found: control.configure(sandbox, faults=list(found))
    control.configure(sandbox, faults=[])


@pytest.mark.parametrize(
    ("service", "operation", "method", "arguments"),
    [
        ("elbv2", "DescribeLoadBalancers", "describe_load_balancers", {}),
        ("ec2", "DescribeVpcs", "describe_vpcs", {}),
        ("ecs", "ListClusters", "list_clusters", {}),
        ("cloudfront", "ListDistributions", "list_distributions", {}),
        ("s3", "ListBuckets", "list_buckets", {}),
    ],
)
def test_a_call_fails_as_often_as_told_in_its_own_protocol(
    aws: Callable[..., Any],
    faults: Callable[..., Any],
    service: str,
    operation: str,
    method: str,
    arguments: dict[str, Any],
) -> None:
    """Then it is answered; others are all along."""
    client = aws(service, config=ONCE)
    faults({"operation": operation, "code": "SlowDown", "status": 503, "times": 2})
    aws("sts").get_caller_identity()
    for _ in range(2):
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            getattr(client, method)(**arguments)
        error = caught.value.response
        assert ("SlowDown", 503) == (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"])
    getattr(client, method)(**arguments)


def test_a_client_that_tries_again_does_not_notice(aws: Callable[..., Any], faults: Callable[..., Any]) -> None:
    """As SDKs do with throttling and closed connections."""
    client = aws("ec2", config=Config(retries={"mode": "standard", "total_max_attempts": 3}))
    faults({"code": "RequestLimitExceeded", "status": 503, "times": 1}, {"code": "silence", "times": 1})
    assert client.describe_vpcs()["Vpcs"]


def test_silence_closes_the_connection(aws: Callable[..., Any], faults: Callable[..., Any]) -> None:
    """There is no answer to make anything of."""
    faults({"operation": "DescribeVpcs", "code": "silence", "times": 1})
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        aws("ec2", config=ONCE).describe_vpcs()


def test_what_is_left_of_the_faults_can_be_read(
    sandbox: Running, aws: Callable[..., Any], faults: Callable[..., Any]
) -> None:
    """So that a test knows that they were met."""
    faults({"operation": "DescribeVpcs", "code": "Throttling", "status": 400, "times": 3})
    with pytest.raises(botocore.exceptions.ClientError):
        aws("ec2", config=ONCE).describe_vpcs()
    (left,) = control.configure(sandbox)["faults"]
    assert 2 == left["times"]


@pytest.mark.parametrize("wrong", ["Throttling", [{"operation": 5}], [{"kode": "Throttling"}]])
def test_faults_that_are_none_are_refused(sandbox: Running, wrong: Any) -> None:
    """Not taken for no faults."""
    with pytest.raises(InputError, match="fault"):
        control.configure(sandbox, faults=wrong)


def test_an_undeployed_distribution_stays_in_progress_until_told(sandbox: Running, aws: Callable[..., Any]) -> None:
    """Only one that is updated meanwhile."""
    cloudfront = aws("cloudfront")
    control.configure(sandbox, undeployed=True)
    found = cloudfront.get_distribution(Id="EPJ3WQCO04UWW")
    assert "Deployed" == found["Distribution"]["Status"]
    config = found["Distribution"]["DistributionConfig"]
    cloudfront.update_distribution(Id="EPJ3WQCO04UWW", IfMatch=found["ETag"], DistributionConfig=config)
    control.configure(sandbox, advance=3600)
    assert "InProgress" == cloudfront.get_distribution(Id="EPJ3WQCO04UWW")["Distribution"]["Status"]
    control.configure(sandbox, undeployed=False)
    assert "Deployed" == cloudfront.get_distribution(Id="EPJ3WQCO04UWW")["Distribution"]["Status"]
