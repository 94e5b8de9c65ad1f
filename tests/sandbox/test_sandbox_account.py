"""Account files: what they hold, how they vary one another, and how they are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bascule.errors import InputError
from bascule.sandbox import cloudfront
from bascule.sandbox.account import ARQUANTIX, load, merged

VARIATIONS = sorted(path.name for path in (Path(__file__).parent / "accounts").glob("*.toml"))


def test_the_shipped_account_is_the_audited_one() -> None:
    """What the audit of 2026-01-03 says stands in arquantix.toml."""
    account = load()

    assert account.distribution.id == "EPJ3WQCO04UWW"
    assert account.distribution.domain == "d2gtzmv0zk47i6.cloudfront.net"
    assert account.service.config["cluster"] == "arquantix-cluster"
    assert account.service.tasks[0].public_ip == "51.112.143.34"
    assert "Coming soon" in account.buckets["arquantix-coming-soon-dev"].objects["index.html"].read_text()


@pytest.mark.parametrize("name", VARIATIONS)
def test_every_variation_is_a_distribution_that_cloudfront_accepts(name: str, accounts: Path) -> None:
    """An account that the sandbox itself would refuse tests nothing."""
    account = load(accounts / name)

    assert cloudfront.refusal(cloudfront.complete(account.distribution.config)) is None


def test_a_variation_keeps_what_it_does_not_name(accounts: Path) -> None:
    """Tables merge key by key, so a variation is only what differs."""
    account = load(accounts / "logging-and-geo.toml")

    assert account.distribution.config["PriceClass"] == "PriceClass_100"
    assert account.distribution.config["Origins"] == load().distribution.config["Origins"]
    assert set(account.buckets) == {*load().buckets, "arquantix-logs"}


def test_a_variation_can_take_a_key_away(accounts: Path) -> None:
    """`remove` names what the base has and the variation hasn't."""
    behavior = load(accounts / "legacy-behaviors.toml").distribution.config["DefaultCacheBehavior"]

    assert "CachePolicyId" not in behavior
    assert behavior["ForwardedValues"]["QueryString"] is False


def test_merging_leaves_both_sides_as_they_were() -> None:
    """The result is new; a base can be varied twice."""
    base, over = {"a": {"b": 1, "c": [1, 2]}}, {"a": {"c": [3]}}

    assert merged(base, over) == {"a": {"b": 1, "c": [3]}}
    assert (base, over) == ({"a": {"b": 1, "c": [1, 2]}}, {"a": {"c": [3]}})


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ('base = "arquantix"\n[network]\nvpc = "vpc-1"\n', "network.vpc", "unknown key"),
        ('base = "arquantix"\nregion = 3\n', "region", "should be a valid string"),
        ('base = "arquantix"\nremove = ["service.config.nothing"]\n', "remove", "no 'service.config.nothing'"),
        ('base = "self.toml"\n', "base", "its own base"),
        ('id = "1"\n', "region", "Field required"),
        ('base = "arquantix"\nservice.config.desiredCount = 2\n', "service", "1 tasks, but a desiredCount of 2"),
        (
            'base = "arquantix"\nbuckets.b.objects.page = "no.html"\n',
            "buckets.b.objects.page",
            "does not point to a file",
        ),
    ],
)
def test_a_wrong_account_file_is_refused_with_file_and_key(text: str, where: str, what: str, tmp_path: Path) -> None:
    """The error names the file that was asked for, the key in it, and what is the matter."""
    file = tmp_path / "self.toml"
    file.write_text(text)

    with pytest.raises(InputError) as caught:
        load(file)

    assert caught.value.where == f"{file}: {where}"
    assert what in caught.value.what


@pytest.mark.parametrize("text", ["id = [", "\x00"])
def test_a_file_that_is_not_toml_is_refused(text: str, tmp_path: Path) -> None:
    """With the parser's own line and column."""
    file = tmp_path / "broken.toml"
    file.write_text(text)

    with pytest.raises(InputError, match="not TOML"):
        load(file)


def test_a_missing_account_file_is_refused(tmp_path: Path) -> None:
    """The error names the path."""
    with pytest.raises(InputError, match="cannot read"):
        load(tmp_path / "none.toml")


def test_the_shipped_file_holds_no_secret() -> None:
    """The origin secret is generated at every start; the file knows its name only."""
    assert load().secrets.names == ("/bascule/arquantix/origin-secret",)
    assert "SecureString" not in ARQUANTIX.read_text()


def test_the_region_of_the_account_is_enabled(aws: Callable[..., Any]) -> None:
    """me-central-1 has to be opted into, and the account holds something in it."""
    regions = aws("ec2").describe_regions(RegionNames=["me-central-1"], AllRegions=True)["Regions"]
    assert [("me-central-1", "opted-in")] == [(one["RegionName"], one["OptInStatus"]) for one in regions]
