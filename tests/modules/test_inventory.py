"""What is synthesized at each stage: golden files hold what each rung changes on the rung below.

After a change that is meant: `.venv/bin/pytest tests/modules/test_inventory.py --snapshot-update`, and read the diff.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from synthesis import changes, configuration, inventory
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from bascule.ladder import Stage


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """One JSON file for each case."""
    return snapshot.use_extension(JSONSnapshotExtension)


def test_the_lowest_rung_forgets_what_was_adopted(golden: SnapshotAssertion) -> None:
    """`none` holds removed blocks that destroy nothing, and no resource."""
    assert golden == inventory(configuration("audited", Stage.NONE))


@pytest.mark.parametrize(
    ("below", "stage"), [pytest.param(*rungs, id=f"{rungs[1].rung}-{rungs[1]}") for rungs in pairwise(Stage)]
)
def test_each_rung_changes_what_the_ladder_says(below: Stage, stage: Stage, golden: SnapshotAssertion) -> None:
    """Blocks and arguments that a rung adds to the one below it, changes, or takes off (null)."""
    before, after = configuration("audited", below), configuration("audited", stage)
    assert golden == changes(inventory(before), inventory(after))


@pytest.mark.parametrize(
    ("variant", "stage"),
    [
        ("https", Stage.CONNECT),
        ("hcp", Stage.ADOPT),
        ("busy-distribution", Stage.ADOPT),
        ("busy-distribution", Stage.CONNECT),
        ("busy-distribution", Stage.SERVE),
        ("busy-service", Stage.ADOPT),
        ("busy-service", Stage.ATTACH),
        ("busy-service", Stage.CONNECT),
    ],
)
def test_another_site_differs_where_it_should(variant: str, stage: Stage, golden: SnapshotAssertion) -> None:
    """What another site file or account changes on the audited site's configuration of that stage."""
    before, after = configuration("audited", stage), configuration(variant, stage)
    assert golden == changes(inventory(before), inventory(after))


@pytest.mark.parametrize("stage", list(Stage)[1:])
def test_every_adopted_resource_is_imported_and_can_not_be_destroyed(stage: Stage) -> None:
    """Three resources, three import blocks, prevent_destroy on each."""
    found = inventory(configuration("audited", stage))
    adopted = [address for address in found if address.endswith(".site") and not address.startswith("import")]
    assert sorted(adopted) == ["aws_cloudfront_distribution.site", "aws_ecs_service.site", "aws_s3_bucket.site"]
    assert sorted(f"import {address}" for address in adopted) == sorted(key for key in found if key[:7] == "import ")
    assert [True] * 3 == [found[address]["lifecycle"]["prevent_destroy"] for address in adopted]


@pytest.mark.parametrize("stage", list(Stage))
def test_no_default_tags(stage: Stage) -> None:
    """They would change adopted resources."""
    (provider,) = configuration("audited", stage)["provider"]["aws"]
    assert {"allowed_account_ids": ["123456789012"], "region": "me-central-1"} == provider
