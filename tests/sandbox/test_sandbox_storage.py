"""The buckets, images, certificate and task definition of the audited account, through boto3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from bascule.sandbox.account import load
from bascule.sandbox.control import Running

SITE, STATE = "arquantix-coming-soon-dev", "arquantix-terraform-state"
Client = Callable[..., Any]


def test_anyone_gets_the_page_and_nothing_of_the_state(sandbox: Running, aws: Client) -> None:
    """The distribution reads the bucket without origin access, so the page is public; the state is not."""
    with urlopen(f"{sandbox.endpoint}/{SITE}/index.html") as answer:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "Coming soon" in answer.read().decode()
    assert aws("s3").get_bucket_policy_status(Bucket=SITE)["PolicyStatus"]["IsPublic"] is True
    blocks = aws("s3").get_public_access_block(Bucket=STATE)["PublicAccessBlockConfiguration"]
    assert set(blocks.values()) == {True}
    with pytest.raises(HTTPError):
        urlopen(f"{sandbox.endpoint}/{SITE}/missing.html")


def test_buckets_are_where_and_what_a_new_bucket_is(aws: Client) -> None:
    """In the region, encrypted, the state bucket versioned."""
    s3 = aws("s3")
    rule = s3.get_bucket_encryption(Bucket=SITE)["ServerSideEncryptionConfiguration"]["Rules"][0]

    assert s3.get_bucket_location(Bucket=SITE)["LocationConstraint"] == "me-central-1"
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert s3.get_bucket_versioning(Bucket=STATE)["Status"] == "Enabled"


def test_a_lock_is_written_once(aws: Client) -> None:
    """Terraform's S3 lock is a conditional write: the second writer gets 412 and can read who holds it."""
    s3, key = aws("s3"), "site/terraform.tfstate.tflock"
    s3.put_object(Bucket=STATE, Key=key, Body=b"alice", IfNoneMatch="*")

    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=STATE, Key=key, Body=b"bob", IfNoneMatch="*")

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert s3.get_object(Bucket=STATE, Key=key)["Body"].read() == b"alice"
    s3.delete_object(Bucket=STATE, Key=key)
    s3.put_object(Bucket=STATE, Key=key, Body=b"bob", IfNoneMatch="*")


def test_the_repository_has_several_images_the_last_of_them_latest(aws: Client) -> None:
    """As the audit found it on 2026-01-03."""
    images = aws("ecr").describe_images(repositoryName="arquantix-coming-soon")["imageDetails"]
    latest = max(images, key=lambda image: image["imagePushedAt"])

    assert len({image["imageDigest"] for image in images}) == 3
    assert latest["imageTags"] == ["latest"]
    assert latest["imagePushedAt"].date().isoformat() == "2026-01-03"


def test_the_task_definition_is_the_running_revision(aws: Client) -> None:
    """awsvpc, Fargate, one container on port 3000."""
    definition = aws("ecs").describe_task_definition(taskDefinition="arquantix-coming-soon")["taskDefinition"]
    [container] = definition["containerDefinitions"]

    assert definition["revision"] == 3
    assert definition["networkMode"] == "awsvpc"
    assert definition["requiresCompatibilities"] == ["FARGATE"]
    assert container["name"] == "arquantix-coming-soon"
    assert container["portMappings"][0]["containerPort"] == 3000


def test_the_certificate_is_issued_in_us_east_1_and_in_use(aws: Client) -> None:
    """CloudFront takes certificates from there only."""
    certificate = load().certificates[0]
    found = aws("acm", region_name="us-east-1").describe_certificate(CertificateArn=certificate.arn)

    assert found["Certificate"]["Status"] == "ISSUED"
    assert set(found["Certificate"]["SubjectAlternativeNames"]) == set(certificate.domains)
    assert found["Certificate"]["InUseBy"] == ["arn:aws:cloudfront::123456789012:distribution/EPJ3WQCO04UWW"]


def test_the_subnets_are_public_in_three_zones(aws: Client) -> None:
    """Their route table leads to the internet gateway of the VPC."""
    ec2, network = aws("ec2"), load().network
    subnets = ec2.describe_subnets(SubnetIds=[subnet.id for subnet in network.subnets])["Subnets"]
    tables = ec2.describe_route_tables(
        Filters=[{"Name": "association.subnet-id", "Values": [subnet.id for subnet in network.subnets]}]
    )["RouteTables"]

    assert {subnet["AvailabilityZone"] for subnet in subnets} == {"me-central-1a", "me-central-1b", "me-central-1c"}
    assert {subnet["VpcId"] for subnet in subnets} == {network.vpc_id}
    assert [table["RouteTableId"] for table in tables] == [network.route_table_id]
    gateways = {route["DestinationCidrBlock"]: route["GatewayId"] for route in tables[0]["Routes"]}
    assert gateways["0.0.0.0/0"] == network.internet_gateway_id
