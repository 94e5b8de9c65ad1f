"""CloudFront as the sandbox corrects it, through boto3."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bascule.sandbox import cloudfront as model
from bascule.sandbox.account import load

ID = "EPJ3WQCO04UWW"
Client = Callable[..., Any]

DEPLOYED = 2.0
"""Seconds after which a distribution is deployed and an invalidation completed."""

ALB = {
    "Id": "alb",
    "DomainName": "arquantix-1.me-central-1.elb.amazonaws.com",
    "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
}


@pytest.fixture
def cloudfront(aws: Client, later: Callable[[float], Any]) -> Iterator[Any]:
    """A client; afterwards the distribution is as it was found."""
    client = aws("cloudfront")
    before = client.get_distribution_config(Id=ID)["DistributionConfig"]
    yield client
    found = client.get_distribution_config(Id=ID)
    if found["DistributionConfig"] != before:
        client.update_distribution(Id=ID, DistributionConfig=before, IfMatch=found["ETag"])
        later(DEPLOYED)


def update(client: Any, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    found = client.get_distribution_config(Id=ID)
    config = copy.deepcopy(found["DistributionConfig"])
    change(config)
    answer: dict[str, Any] = client.update_distribution(Id=ID, DistributionConfig=config, IfMatch=found["ETag"])
    return answer


def add_alb(config: dict[str, Any]) -> None:
    config["Origins"]["Items"].append(ALB)
    config["Origins"]["Quantity"] = 2


def test_the_distribution_is_the_audited_one_with_every_default(cloudfront: Any) -> None:
    """Id, domain, alias and origin of the audit; quantities and defaults as the API reference gives them."""
    distribution = cloudfront.get_distribution(Id=ID)["Distribution"]
    config = distribution["DistributionConfig"]

    assert distribution["DomainName"] == "d2gtzmv0zk47i6.cloudfront.net"
    assert distribution["Status"] == "Deployed"
    assert config["Aliases"] == {"Quantity": 1, "Items": ["www.arquantix.com"]}
    assert config["CacheBehaviors"] == {"Quantity": 0}
    assert config["Logging"] == {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""}
    assert config["Origins"]["Items"][0]["ConnectionAttempts"] == 3
    assert config["Origins"]["Items"][0]["OriginShield"] == {"Enabled": False}
    assert set(config["DefaultCacheBehavior"]["AllowedMethods"]["Items"]) == {"GET", "HEAD"}


def test_there_are_no_forwarded_values_beside_a_cache_policy(cloudfront: Any) -> None:
    """moto answers them, and the provider then wants to remove them."""
    behavior = cloudfront.get_distribution_config(Id=ID)["DistributionConfig"]["DefaultCacheBehavior"]

    assert behavior["CachePolicyId"] == "658327ea-f89d-4fab-a63d-7e88639e58f6"
    assert {"ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL"} & set(behavior) == set()


def test_an_acm_certificate_is_not_the_default_certificate(cloudfront: Any) -> None:
    """moto answers `CloudFrontDefaultCertificate: true` beside it."""
    certificate = cloudfront.get_distribution_config(Id=ID)["DistributionConfig"]["ViewerCertificate"]

    assert certificate["CloudFrontDefaultCertificate"] is False
    assert certificate["ACMCertificateArn"] == load().certificates[0].arn
    assert certificate["MinimumProtocolVersion"] == "TLSv1.2_2021"


def test_everything_that_an_update_gives_is_answered_again(cloudfront: Any) -> None:
    """Also what moto's model doesn't know: functions, origin access, response timeouts."""

    def change(config: dict[str, Any]) -> None:
        add_alb(config)
        arn = "arn:aws:cloudfront::123456789012:function/add-index"
        config["DefaultCacheBehavior"]["FunctionAssociations"] = {
            "Quantity": 1,
            "Items": [{"EventType": "viewer-request", "FunctionARN": arn}],
        }
        config["Origins"]["Items"][0]["OriginAccessControlId"] = "E1OAC7ARQUANTX"
        config["Origins"]["Items"][1]["ResponseCompletionTimeout"] = 60

    update(cloudfront, change)
    config = cloudfront.get_distribution_config(Id=ID)["DistributionConfig"]

    assert config["DefaultCacheBehavior"]["FunctionAssociations"]["Quantity"] == 1
    assert config["Origins"]["Items"][0]["OriginAccessControlId"] == "E1OAC7ARQUANTX"
    assert config["Origins"]["Items"][1]["ResponseCompletionTimeout"] == 60
    assert config["Origins"]["Items"][1]["CustomOriginConfig"]["OriginReadTimeout"] == 30


def test_the_list_shows_the_same_distribution(cloudfront: Any) -> None:
    """ListDistributions answers summaries of what GetDistribution answers."""
    [summary] = cloudfront.list_distributions()["DistributionList"]["Items"]
    distribution = cloudfront.get_distribution(Id=ID)["Distribution"]

    assert summary["Id"] == ID
    assert summary["Staging"] is False
    assert summary["Origins"] == distribution["DistributionConfig"]["Origins"]


def test_an_update_with_an_outdated_etag_is_refused(cloudfront: Any) -> None:
    """412 PreconditionFailed, so that two writers don't overwrite each other."""
    before = cloudfront.get_distribution_config(Id=ID)
    update(cloudfront, lambda config: config.update(Comment="changed"))

    with pytest.raises(ClientError) as caught:
        cloudfront.update_distribution(Id=ID, DistributionConfig=before["DistributionConfig"], IfMatch=before["ETag"])

    assert caught.value.response["Error"]["Code"] == "PreconditionFailed"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert cloudfront.get_distribution_config(Id=ID)["ETag"] != before["ETag"]


def test_an_updated_distribution_is_in_progress_until_it_is_deployed(
    cloudfront: Any, later: Callable[[float], Any]
) -> None:
    """moto says Deployed at once."""

    def status() -> str:
        return str(cloudfront.get_distribution(Id=ID)["Distribution"]["Status"])

    answer = update(cloudfront, lambda config: config.update(Comment="slow"))

    assert answer["Distribution"]["Status"] == status() == "InProgress"
    later(DEPLOYED)
    assert status() == "Deployed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda config: config["DefaultCacheBehavior"].update(TargetOriginId="nowhere"), "NoSuchOrigin"),
        (lambda config: config.update(CallerReference="another"), "IllegalUpdate"),
        (
            lambda config: config["DefaultCacheBehavior"]["AllowedMethods"].update(
                Quantity=3, Items=["GET", "HEAD", "POST"]
            ),
            "InvalidArgument",
        ),
        (lambda config: config["DefaultCacheBehavior"].update(DefaultTTL=60), "InvalidArgument"),
        (lambda config: config["DefaultCacheBehavior"].pop("CachePolicyId"), "InvalidArgument"),
        (lambda config: config["Origins"]["Items"][0].update(DomainName="www.arquantix.com"), "InvalidArgument"),
        (lambda config: config["Origins"]["Items"][0].pop("S3OriginConfig"), "InvalidOrigin"),
        (lambda config: config["Origins"]["Items"][0].update(ConnectionTimeout=11), "InvalidArgument"),
    ],
)
def test_what_cloudfront_refuses_is_refused(
    change: Callable[[dict[str, Any]], None], code: str, cloudfront: Any
) -> None:
    """The provider plans these without a word; the error comes at apply."""
    before = cloudfront.get_distribution_config(Id=ID)

    with pytest.raises(ClientError) as caught:
        update(cloudfront, change)

    assert caught.value.response["Error"]["Code"] == code
    assert cloudfront.get_distribution_config(Id=ID)["ETag"] == before["ETag"]


@pytest.mark.parametrize(("name", "value"), [("OriginReadTimeout", 121), ("OriginKeepaliveTimeout", 121)])
def test_a_custom_origin_has_limits(name: str, value: int, cloudfront: Any) -> None:
    """API reference: up to 120 seconds each."""

    def change(config: dict[str, Any]) -> None:
        add_alb(config)
        config["Origins"]["Items"][1] = copy.deepcopy(ALB) | {
            "CustomOriginConfig": {**ALB["CustomOriginConfig"], name: value}  # type: ignore[dict-item]
        }

    with pytest.raises(ClientError) as caught:
        update(cloudfront, change)

    assert caught.value.response["Error"]["Code"] == f"Invalid{name}"


def test_an_origin_group_takes_no_writing_methods() -> None:
    """aws-cdk #32450 quotes the message."""
    config = model.complete(load().distribution.config)
    config["OriginGroups"] = {"Quantity": 1, "Items": [{"Id": "group", "Members": {"Items": []}}]}
    config["DefaultCacheBehavior"]["TargetOriginId"] = "group"
    assert model.refusal(config) is None

    config["DefaultCacheBehavior"]["AllowedMethods"]["Items"] = sorted(model.METHOD_SETS[2])

    refusal = model.refusal(config)
    assert refusal is not None
    assert "cannot include POST" in refusal[1]


def test_completing_twice_changes_nothing() -> None:
    """What GetDistributionConfig answers can be given back as it is."""
    once = model.complete(load().distribution.config)

    assert model.complete(once) == once


def test_an_enabled_distribution_is_not_deleted(cloudfront: Any) -> None:
    """DistributionNotDisabled; the site would be gone."""
    etag = cloudfront.get_distribution(Id=ID)["ETag"]

    with pytest.raises(ClientError) as caught:
        cloudfront.delete_distribution(Id=ID, IfMatch=etag)

    assert caught.value.response["Error"]["Code"] == "DistributionNotDisabled"


def test_an_invalidation_completes(cloudfront: Any, later: Callable[[float], Any]) -> None:
    """botocore's own waiter accepts it, which it doesn't from moto."""
    batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "test"}

    made = cloudfront.create_invalidation(DistributionId=ID, InvalidationBatch=batch)["Invalidation"]

    assert made["Status"] == "InProgress"
    assert cloudfront.get_distribution(Id=ID)["Distribution"]["InProgressInvalidationBatches"] == 1
    later(DEPLOYED)
    cloudfront.get_waiter("invalidation_completed").wait(DistributionId=ID, Id=made["Id"])
    assert cloudfront.get_distribution(Id=ID)["Distribution"]["InProgressInvalidationBatches"] == 0


@pytest.mark.parametrize(
    ("list_", "get", "kind", "name", "id"),
    [
        (
            "list_cache_policies",
            "get_cache_policy",
            "CachePolicy",
            "Managed-CachingDisabled",
            "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        ),
        (
            "list_origin_request_policies",
            "get_origin_request_policy",
            "OriginRequestPolicy",
            "Managed-AllViewer",
            "216adef6-5c7f-47e4-b989-5492eafa07d3",
        ),
        (
            "list_response_headers_policies",
            "get_response_headers_policy",
            "ResponseHeadersPolicy",
            "Managed-SecurityHeadersPolicy",
            "67f7725c-6f97-4210-82d7-5512b31e9d03",
        ),
    ],
)
def test_managed_policies_are_listed_and_read(
    list_: str, get: str, kind: str, name: str, id: str, cloudfront: Any
) -> None:
    """They have the same ids in every account; a custom list is empty, an unknown id is refused."""
    [found] = [
        item[kind]
        for item in getattr(cloudfront, list_)()[f"{kind}List"]["Items"]
        if item[kind][f"{kind}Config"]["Name"] == name
    ]

    assert found["Id"] == id
    assert getattr(cloudfront, get)(Id=id)[kind] == found
    assert getattr(cloudfront, list_)(Type="custom")[f"{kind}List"]["Quantity"] == 0
    with pytest.raises(ClientError, match=f"NoSuch{kind}"):
        getattr(cloudfront, get)(Id="none")
