"""The deny policy, on an administrator of the sandbox: nothing that was adopted can be deleted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import roles
from botocore.exceptions import ClientError

from bascule import demo, policies, site_file
from bascule.sandbox import control
from bascule.sandbox.control import Running

BUCKET = "arquantix-coming-soon-dev"
SERVICE = {"cluster": "arquantix-cluster", "service": "arquantix-coming-soon"}
EXPIRE = {"Rules": [{"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]}

DELETIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("cloudfront", "delete_distribution", {"Id": "EPJ3WQCO04UWW", "IfMatch": "E2QWRUHAPOMQZL"}),
    ("s3", "delete_object", {"Bucket": BUCKET, "Key": "index.html"}),
    ("s3", "delete_object", {"Bucket": BUCKET, "Key": "index.html", "VersionId": "null"}),
    ("s3", "delete_objects", {"Bucket": BUCKET, "Delete": {"Objects": [{"Key": "index.html"}]}}),
    ("s3", "put_bucket_lifecycle_configuration", {"Bucket": BUCKET, "LifecycleConfiguration": EXPIRE}),
    ("s3", "delete_bucket_policy", {"Bucket": BUCKET}),
    ("s3", "delete_bucket", {"Bucket": BUCKET}),
    ("ecs", "delete_service", SERVICE),
    ("ecs", "delete_service", {**SERVICE, "force": True}),
    ("ecs", "delete_cluster", {"cluster": "arquantix-cluster"}),
]
"""Every call that deletes an adopted resource, or what it can't do without."""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox of its own: were the policy wrong, what others read would be gone."""
    root = tmp_path_factory.mktemp("deny")
    running = control.start(root, owner_pid=os.getpid())
    control.configure(running, iam=True)
    yield running
    control.stop(root)


@pytest.fixture(scope="module")
def clients(sandbox: Running) -> Callable[..., Any]:
    """Makes clients of an administrator who also holds the deny policy."""
    site = site_file.parse(Path(demo.SITE_FILE).read_text(), "site.toml")
    roles.put(sandbox, "admin", all=roles.EVERYTHING, deny=policies.document("deny", site, sandbox.account_id))
    made: Callable[..., Any] = roles.clients(sandbox, "admin")
    return made


@pytest.mark.parametrize(
    ("service", "operation", "parameters"), DELETIONS, ids=[f"{n}-{one[1]}" for n, one in enumerate(DELETIONS)]
)
def test_no_deletion_of_an_adopted_resource_is_allowed(
    clients: Callable[..., Any], service: str, operation: str, parameters: dict[str, Any]
) -> None:
    """An explicit deny stands against whatever else allows it."""
    with pytest.raises(ClientError) as caught:
        getattr(clients(service), operation)(**parameters)
    error = caught.value.response["Error"]
    assert error["Code"] in ("AccessDenied", "AccessDeniedException")
    assert "with an explicit deny" in error["Message"]


def test_all_that_was_adopted_is_still_there(clients: Callable[..., Any]) -> None:
    """What was asked to be deleted answers as before."""
    assert clients("cloudfront").get_distribution(Id="EPJ3WQCO04UWW")["Distribution"]
    assert b"Coming soon" in clients("s3").get_object(Bucket=BUCKET, Key="index.html")["Body"].read()
    assert clients("s3").get_bucket_policy(Bucket=BUCKET)["Policy"]
    named = {"cluster": SERVICE["cluster"], "services": [SERVICE["service"]]}
    assert ["ACTIVE"] == [service["status"] for service in clients("ecs").describe_services(**named)["services"]]


def test_everything_else_is_left_to_other_policies(clients: Callable[..., Any]) -> None:
    """It is about the adopted resources alone: another bucket, and other changes, are none of its business."""
    s3 = clients("s3")
    s3.create_bucket(Bucket="somebody-elses", CreateBucketConfiguration={"LocationConstraint": "me-central-1"})
    s3.put_object(Bucket="somebody-elses", Key="a", Body=b"")
    s3.delete_object(Bucket="somebody-elses", Key="a")
    s3.delete_bucket(Bucket="somebody-elses")
    clients("ecs").update_service(**SERVICE, desiredCount=1)
    s3.put_object(Bucket=BUCKET, Key="new.html", Body=b"")
