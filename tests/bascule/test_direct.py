"""The way back past Terraform: what is kept, what is shown, and what is sent to CloudFront."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from example import CONFIG, SITE, Call, Refusal, account, with_path
from hypothesis import given
from hypothesis import strategies as st

from bascule import direct, way_back
from bascule.aws import Clients, Identity
from bascule.errors import BasculeError, InputError
from bascule.fence import Fence
from bascule.ladder import ALB_ORIGIN_ID
from bascule.site import Site

SERVED = with_path(CONFIG, "DefaultCacheBehavior.TargetOriginId", ALB_ORIGIN_ID)
ID = SITE.distribution.id


@dataclass
class Place:
    """A site, its account, and its journal."""

    clients: Clients
    name: str = "example"
    site: Site = SITE
    identity: Identity = field(default_factory=lambda: Identity("123456789012", "arn", SITE.region, ""))
    journal: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def record(self, event: str, /, **details: Any) -> None:
        self.journal.append((event, details))


def read(config: dict[str, Any], etag: str = "E2") -> Call:
    return Call("cloudfront", "get_distribution_config", {"DistributionConfig": config, "ETag": etag}, {"Id": ID})


def put(answer: Any = None) -> Call:
    """UpdateDistribution of the config of before, under the ETag that was read."""
    asked = {"Id": ID, "IfMatch": "E2", "DistributionConfig": CONFIG}
    return Call("cloudfront", "update_distribution", {"ETag": "E3"} if answer is None else answer, asked)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Where the config of before is kept."""
    path = tmp_path / "example.json"
    way_back.keep(path, Fence("E1", CONFIG))
    return path


def test_the_config_of_before_goes_back_under_the_etag_that_was_read(kept: Path) -> None:
    with account(read(SERVED), put()) as clients:
        place = Place(clients)
        found = direct.swap(place, kept)
        assert found is not None
        direct.put_back(place, found)
    assert ["direct rollback begun", "direct rollback done"] == [event for event, _ in place.journal]
    assert {"since": "E2", "to": "E1"}.items() <= place.journal[0][1].items()


def test_a_person_is_shown_what_changes(kept: Path) -> None:
    served = with_path(SERVED, "Comment", "edited since")
    with account(read(served)) as clients:
        found = direct.swap(Place(clients), kept)
    assert found is not None
    told = direct.told(found)
    assert f'default_cache_behavior.target_origin_id: "{ALB_ORIGIN_ID}" becomes "S3-old-site"' in told
    assert 'comment: "edited since" becomes "Old site"' in told
    assert f"since {found.kept}; what was changed since then is undone with it" in told


ERROR_PAGE = {"ErrorCode": 503, "ResponsePagePath": "/sorry.html", "ResponseCode": "503", "ErrorCachingMinTTL": 10}


@pytest.mark.parametrize(
    ("path", "value", "refused"),
    [
        ("Comment", "edited since", "comment"),
        ("PriceClass", "PriceClass_100", "price_class"),
        ("Origins", {"Quantity": 1, "Items": [CONFIG["Origins"]["Items"][0] | {"OriginPath": "/v2"}]}, "origin_path"),
        ("CustomErrorResponses", {"Quantity": 1, "Items": [ERROR_PAGE]}, "custom_error_response"),
        ("DefaultRootObject", "", ""),
    ],
)
def test_unasked_only_what_bascule_changes_goes_back(kept: Path, path: str, value: str, refused: str) -> None:
    """What somebody else changed since is undone by a person who has read that, or not at all."""
    with account(read(with_path(SERVED, path, value))) as clients:
        found = direct.swap(Place(clients), kept)
    assert found is not None
    if not refused:
        direct.require_ours(found, SITE)
        return
    with pytest.raises(InputError, match=f"somebody else's changes would be undone.*{refused}"):
        direct.require_ours(found, SITE)


def test_a_change_at_the_question_is_not_overwritten(kept: Path) -> None:
    with account(read(SERVED), put(Refusal("PreconditionFailed", "If-Match", 412))) as clients:
        place = Place(clients)
        found = direct.swap(place, kept)
        assert found is not None
        with pytest.raises(BasculeError, match="changed since it was shown; nothing was put back"):
            direct.put_back(place, found)
    assert "direct rollback failed" == place.journal[-1][0]


def test_where_visitors_get_the_bucket_there_is_nothing_to_put_back(kept: Path) -> None:
    with account(read(CONFIG)) as clients:
        assert direct.swap(Place(clients), kept) is None


def test_another_distributions_config_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    way_back.keep(path, Fence("E1", with_path(CONFIG, "CallerReference", "another")))
    with account(read(SERVED)) as clients, pytest.raises(InputError, match="another distribution's config"):
        direct.swap(Place(clients), path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ETag": "E1"}', "\x00"])
def test_what_is_no_config_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kept.json"
    path.write_text(text)
    with pytest.raises(InputError, match="not a distribution's config"):
        way_back.read(path)


def test_where_none_is_kept_the_other_way_is_named(tmp_path: Path) -> None:
    with account(read(SERVED)) as clients, pytest.raises(InputError) as caught:
        direct.swap(Place(clients), tmp_path / "none.json")
    assert "`bascule rollback` needs none" in caught.value.remedy


@given(st.lists(st.sampled_from([("E1", True), ("E2", False), ("E3", True), ("E4", False)]), min_size=1))
def test_what_is_kept_is_the_newest_config_that_served_the_bucket(history: list[tuple[str, bool]]) -> None:
    """A plan made while visitors are at the load balancer never takes the way back's place."""
    with folder() as path:
        for etag, bucket in history:
            way_back.keep(path, Fence(etag, CONFIG if bucket else SERVED))
        newest = [etag for etag, bucket in history if bucket][-1:]
        assert newest == ([way_back.read(path).etag] if path.exists() else [])


def test_it_is_its_owners_alone(kept: Path) -> None:
    """The config of `connect` holds the secret header."""
    assert 0o600 == kept.stat().st_mode & 0o777


@contextmanager
def folder() -> Any:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as root:
        yield Path(root) / "kept.json"
