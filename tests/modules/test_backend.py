"""State: in S3 with a lock file beside it, or in HCP Terraform."""

from __future__ import annotations

import json
from typing import Any

import pytest
from synthesis import Variant, configuration, site_with, synthesize

from bascule.ladder import Stage


@pytest.mark.parametrize("stage", list(Stage))
def test_state_in_s3_is_encrypted_and_locked_by_a_file(stage: Stage) -> None:
    """Bucket, key and region are the site file's; no table is needed."""
    expected = {
        "bucket": "arquantix-terraform-state",
        "encrypt": True,
        "key": "bascule/arquantix.tfstate",
        "region": "me-central-1",
        "use_lockfile": True,
    }
    assert {"s3": expected} == configuration("audited", stage)["terraform"]["backend"]


HCP = 'backend = "hcp"\norganization = "o"\nworkspace = "w"'


@pytest.mark.parametrize(
    ("lines", "cloud"),
    [
        (HCP, {"organization": "o", "workspaces": {"name": "w"}}),
        (f'{HCP}\nproject = "p"', {"organization": "o", "workspaces": {"name": "w", "project": "p"}}),
        (
            f'{HCP}\nhostname = "tfe.example.com"',
            {"hostname": "tfe.example.com", "organization": "o", "workspaces": {"name": "w"}},
        ),
    ],
)
def test_state_in_hcp_terraform_is_a_cloud_block(lines: str, cloud: dict[str, Any]) -> None:
    """Project and host only where the site file names them."""
    terraform = json.loads(synthesize(Variant(site_with(state=lines)), Stage.NONE))["terraform"]
    assert cloud == terraform["cloud"]
    assert "backend" not in terraform


@pytest.mark.parametrize("variant", ["audited", "hcp"])
def test_the_provider_is_named_in_full_and_pinned(variant: str) -> None:
    """To the minor release that the bindings were made from."""
    terraform = configuration(variant, Stage.ADOPT)["terraform"]
    assert {"aws": {"source": "hashicorp/aws", "version": "~> 5.100.0"}} == terraform["required_providers"]
    assert ">= 1.11.0" == terraform["required_version"]
