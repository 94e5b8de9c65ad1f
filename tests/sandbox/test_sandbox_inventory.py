"""What an inventory of the account reads, where moto alone would answer something else than AWS."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bascule.sandbox import control

SERVICE, CLUSTER = "arquantix-coming-soon", "arquantix-cluster"


@pytest.fixture
def audited(
    request: pytest.FixtureRequest, connect: Callable[..., Any], tmp_path: Path
) -> Iterator[Callable[..., Any]]:
    """Makes clients of a sandbox of the account file that the parameter names."""
    account = Path(__file__).parent / "audited" / f"{request.param}.toml"
    running = control.start(tmp_path, account=account, owner_pid=os.getpid())
    yield lambda service, **options: connect(running, service, **options)
    control.stop(tmp_path)


@pytest.mark.parametrize("audited", ["many"], indirect=True)
def test_images_come_in_pages_of_a_hundred(audited: Callable[..., Any]) -> None:
    """Or of as many as are asked for; those asked for by name come at once."""
    ecr = audited("ecr")
    paginator = ecr.get_paginator("describe_images")
    pages = paginator.paginate(repositoryName=SERVICE)
    wide = paginator.paginate(repositoryName=SERVICE, PaginationConfig={"PageSize": 200})
    named = ecr.describe_images(repositoryName=SERVICE, imageIds=[{"imageTag": "latest"}])
    assert [100, 100, 100, 3] == [len(page["imageDetails"]) for page in pages]
    assert [200, 103] == [len(page["imageDetails"]) for page in wide]
    assert [["latest"]] == [image["imageTags"] for image in named["imageDetails"]]


@pytest.mark.parametrize("audited", ["immutable-scanned"], indirect=True)
def test_a_scanned_image_says_what_was_found(audited: Callable[..., Any]) -> None:
    """One that wasn't scanned says nothing."""
    images = audited("ecr").describe_images(repositoryName=SERVICE)["imageDetails"]
    found = {image["imageTags"][0]: image.get("imageScanFindingsSummary") for image in images}
    assert {"HIGH": 1} == found["latest"]["findingSeverityCounts"]
    assert (None, None) == (found["2026-01-02"], found["2026-01-03"])
    assert ["COMPLETE"] == [image["imageScanStatus"]["status"] for image in images if "imageScanStatus" in image]


@pytest.mark.parametrize("audited", ["code-deploy"], indirect=True)
def test_a_service_of_codedeploy_has_task_sets(audited: Callable[..., Any], until: Callable[..., Any]) -> None:
    """And never a deployment."""

    def steady() -> Any:
        (service,) = audited("ecs").describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
        assert [] == service["deployments"]
        return [one["stabilityStatus"] for one in service["taskSets"]] == ["STEADY_STATE"] and service

    (task_set,) = until(steady)["taskSets"]
    assert ("PRIMARY", 1) == (task_set["status"], task_set["runningCount"])


def test_tasks_of_what_is_not_there_are_refused(aws: Callable[..., Any]) -> None:
    """An empty list would look like a service without tasks."""
    ecs = aws("ecs")
    with pytest.raises(ecs.exceptions.ClusterNotFoundException):
        ecs.list_tasks(cluster="nowhere", serviceName=SERVICE)
    with pytest.raises(ecs.exceptions.ServiceNotFoundException):
        ecs.list_tasks(cluster=CLUSTER, serviceName="nothing")
    assert 1 == len(ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"])


def elliptic(domain: str) -> dict[str, bytes]:
    """A certificate with an elliptic key, as ImportCertificate takes it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain)])
    unsigned = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    dated = unsigned.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=90))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"Certificate": dated.sign(key, SHA256()).public_bytes(Encoding.PEM), "PrivateKey": private}


def test_certificates_are_listed_by_key_type(aws: Callable[..., Any]) -> None:
    """Those with an elliptic key only if they are asked for."""
    acm = aws("acm", region_name="us-east-1")
    arn = acm.import_certificate(**elliptic("ec.arquantix.com"))["CertificateArn"]
    key_type = acm.describe_certificate(CertificateArn=arn)["Certificate"]["KeyAlgorithm"]
    unasked = acm.list_certificates()["CertificateSummaryList"]
    asked = acm.list_certificates(Includes={"keyTypes": [key_type]})["CertificateSummaryList"]
    acm.delete_certificate(CertificateArn=arn)
    assert ["www.arquantix.com"] == [one["DomainName"] for one in unasked]
    assert ["ec.arquantix.com"] == [one["DomainName"] for one in asked]
