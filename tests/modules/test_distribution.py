"""The distribution's overlay: what each rung changes of what was adopted, and that nothing else does."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from synthesis import LEGACY, SITE, without

from bascule.errors import InputError
from bascule.ladder import ALB_ORIGIN_ID, Stage, origin_is_bucket
from modules.distribution import (
    ALL_VIEWER,
    CACHE_KEYS,
    CACHING_DISABLED,
    CACHING_OPTIMIZED,
    AlbOrigin,
    distribution_values,
    masks,
)

ALB = AlbOrigin("alb.example", "secret")
WHERE = "sites/arquantix.toml"
PROBE, STATIC = SITE.distribution.probe_path, SITE.distribution.static_path
OWN = {"origin", "ordered_cache_behavior", "wait_for_deployment"}
"""Arguments that `connect` adds to or sets."""
SERVED = OWN | {"default_cache_behavior", "default_root_object", "custom_error_response"}
"""Arguments that `serve` changes."""
DYNAMIC = {"target_origin_id", "allowed_methods", "cached_methods", "cache_policy_id", "origin_request_policy_id"}
"""Arguments that `serve` sets in the default behavior."""

ORIGIN_IDS = ["bucket", "website", "elsewhere"]
ORIGINS = [
    {"origin_id": "bucket", "domain_name": f"{SITE.bucket.name}.s3.me-central-1.amazonaws.com"},
    {"origin_id": "website", "domain_name": f"{SITE.bucket.name}.s3-website.me-central-1.amazonaws.com"},
    {"origin_id": "elsewhere", "domain_name": "elsewhere.example", "origin_path": "/a"},
]
METHODS = st.sampled_from([["GET", "HEAD"], ["GET", "HEAD", "OPTIONS"]])
CACHED = st.just(LEGACY) | st.fixed_dictionaries({"cache_policy_id": st.sampled_from(["policy-a", CACHING_OPTIMIZED])})
KEPT = st.fixed_dictionaries(
    {"viewer_protocol_policy": st.sampled_from(["allow-all", "redirect-to-https"])},
    optional={
        "compress": st.booleans(),
        "response_headers_policy_id": st.just("headers"),
        "function_association": st.just([{"event_type": "viewer-request", "function_arn": "arn:f"}]),
        "trusted_key_groups": st.just(["group"]),
    },
)


def behaviors(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Behaviors as CloudFront has them: cached by a policy or the old way."""
    target = {"target_origin_id": st.sampled_from([*ORIGIN_IDS, "group"]), "allowed_methods": METHODS}
    return st.builds(
        lambda own, kept, cached: {**own, **kept, **cached}, st.fixed_dictionaries({**target, **more}), KEPT, CACHED
    )


ERRORS = st.lists(
    st.fixed_dictionaries(
        {"error_code": st.sampled_from([403, 404, 500, 503])},
        optional={
            "response_code": st.sampled_from([200, 404, 503]),
            "response_page_path": st.just("/error.html"),
            "error_caching_min_ttl": st.just(0),
        },
    ),
    max_size=4,
)
DISTRIBUTIONS = st.fixed_dictionaries(
    {
        "enabled": st.just(True),
        "origin": st.just(ORIGINS),
        "default_cache_behavior": behaviors().map(lambda behavior: [behavior]),
        "viewer_certificate": st.just([{"cloudfront_default_certificate": True}]),
    },
    optional={
        "default_root_object": st.just("index.html"),
        "ordered_cache_behavior": st.lists(
            behaviors(path_pattern=st.sampled_from(["/a", "/b/*"])), max_size=3, unique_by=lambda b: b["path_pattern"]
        ),
        "origin_group": st.just(
            [{"origin_id": "group", "member": [{"origin_id": "bucket"}, {"origin_id": "elsewhere"}]}]
        ),
        "custom_error_response": ERRORS,
        "web_acl_id": st.just("arn:acl"),
    },
)


def values(adopted: dict[str, Any], stage: Stage) -> dict[str, Any]:
    """The distribution at a stage, the adopted one left as it was."""
    before = deepcopy(adopted)
    found = distribution_values(adopted, SITE, stage, ALB if stage.at_least(Stage.CONNECT) else None, WHERE)
    assert before == adopted
    return found


@given(DISTRIBUTIONS, st.sampled_from([Stage.ADOPT, Stage.BUILD, Stage.ATTACH]))
def test_below_connect_it_is_what_was_adopted(adopted: dict[str, Any], stage: Stage) -> None:
    """No argument is added, changed or taken off."""
    assert adopted == values(adopted, stage)


@given(DISTRIBUTIONS)
def test_connect_adds_one_origin_and_one_behavior(adopted: dict[str, Any]) -> None:
    """No visitor's request goes elsewhere than before: all the rest is as adopted, in its order."""
    found = values(adopted, Stage.CONNECT)
    probe, *ordered = found["ordered_cache_behavior"]
    *origins, ours = found["origin"]
    assert (PROBE, ALB_ORIGIN_ID) == (probe["path_pattern"], probe["target_origin_id"])
    assert ALB_ORIGIN_ID == ours["origin_id"]
    assert adopted.get("ordered_cache_behavior", []) == ordered
    assert adopted["origin"] == origins
    assert without(adopted, *OWN) == without(found, *OWN)
    assert found["wait_for_deployment"] is False


@given(DISTRIBUTIONS)
def test_serve_changes_the_default_behavior_and_nothing_it_need_not(adopted: dict[str, Any]) -> None:
    """The application gets everything that no adopted behavior catches; what the default behavior had besides stays."""
    found = values(adopted, Stage.SERVE)
    (before,), (after,) = adopted["default_cache_behavior"], found["default_cache_behavior"]
    assert without(before, *DYNAMIC, *CACHE_KEYS) == without(after, *DYNAMIC)
    assert {
        "target_origin_id": ALB_ORIGIN_ID,
        "allowed_methods": ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
        "cached_methods": ["GET", "HEAD"],
        "cache_policy_id": CACHING_DISABLED,
        "origin_request_policy_id": ALL_VIEWER,
    } == {key: after[key] for key in DYNAMIC}
    assert without(adopted, *SERVED) == without(found, *SERVED)
    assert "default_root_object" not in found
    assert values(adopted, Stage.CONNECT)["origin"] == found["origin"]


@given(DISTRIBUTIONS)
def test_at_serve_the_probe_comes_first_and_static_assets_second(adopted: dict[str, Any]) -> None:
    """Then the adopted behaviors in their order, unchanged: CloudFront takes the first that matches."""
    probe, static, *ordered = values(adopted, Stage.SERVE)["ordered_cache_behavior"]
    assert [PROBE, STATIC] == [probe["path_pattern"], static["path_pattern"]]
    assert [CACHING_DISABLED, CACHING_OPTIMIZED] == [probe["cache_policy_id"], static["cache_policy_id"]]
    assert adopted.get("ordered_cache_behavior", []) == ordered


@given(DISTRIBUTIONS, st.sampled_from([Stage.CONNECT, Stage.SERVE]))
def test_no_behavior_of_ours_has_a_ttl_beside_its_cache_policy(adopted: dict[str, Any], stage: Stage) -> None:
    """CloudFront refuses them together."""
    found = values(adopted, stage)
    every = [*found["default_cache_behavior"], *found["ordered_cache_behavior"]]
    ours = [behavior for behavior in every if behavior["target_origin_id"] == ALB_ORIGIN_ID]
    assert [] == [key for behavior in ours for key in CACHE_KEYS if key in behavior]


@given(DISTRIBUTIONS)
def test_the_way_back_from_serve_is_exact(adopted: dict[str, Any]) -> None:
    """`connect` after `serve` is `connect` before it."""
    before = values(adopted, Stage.CONNECT)
    values(adopted, Stage.SERVE)
    assert before == values(adopted, Stage.CONNECT)


@given(DISTRIBUTIONS)
def test_error_pages_that_would_hide_the_application_are_taken_off_at_serve(adopted: dict[str, Any]) -> None:
    """The others stay, in their order."""
    kept = [response for response in adopted.get("custom_error_response", []) if not masks(response)]
    assert kept == values(adopted, Stage.SERVE).get("custom_error_response", [])


@pytest.mark.parametrize(
    ("response", "hides"),
    [
        ({"error_code": 404, "response_code": 200, "response_page_path": "/index.html"}, True),
        ({"error_code": 403, "response_code": 404, "response_page_path": "/404.html"}, True),
        ({"error_code": 500, "response_code": 200, "response_page_path": "/sorry.html"}, True),
        ({"error_code": 503, "response_code": 503, "response_page_path": "/sorry.html"}, False),
        ({"error_code": 404, "error_caching_min_ttl": 0}, False),
        ({"error_code": 502, "response_page_path": "/sorry.html"}, False),
    ],
)
def test_which_error_pages_hide_the_application(response: dict[str, Any], hides: bool) -> None:
    """Those that put the old site's page in place of a 403 or 404, or turn an error into a success."""
    assert hides == masks(response)


@given(DISTRIBUTIONS)
def test_retire_drops_the_buckets_origins_unless_something_uses_them(adopted: dict[str, Any]) -> None:
    """It refuses, naming each behavior and origin group that does; otherwise nothing else changes."""
    served = values(adopted, Stage.SERVE)
    bucket = {o["origin_id"] for o in ORIGINS if origin_is_bucket(o["domain_name"], SITE.bucket.name)}
    users = [
        f"behavior {b['path_pattern']}" for b in served["ordered_cache_behavior"] if b["target_origin_id"] in bucket
    ] + [f"origin group {group['origin_id']}" for group in served.get("origin_group", [])]
    if users:
        with pytest.raises(InputError) as caught:
            values(adopted, Stage.RETIRE)
        assert f"the bucket's origin is still in use by {', '.join(users)}" == caught.value.what
        return
    assert {"bucket", "website"} == bucket
    assert {**served, "origin": served["origin"][2:]} == values(adopted, Stage.RETIRE)


@given(DISTRIBUTIONS, st.sampled_from([Stage.CONNECT, Stage.SERVE]))
def test_every_behavior_goes_to_an_origin_that_is_there(adopted: dict[str, Any], stage: Stage) -> None:
    """What goes to the bucket below `retire` still finds it."""
    assume("origin_group" in adopted)
    found = values(adopted, stage)
    there = {origin["origin_id"] for origin in (*found["origin"], *found["origin_group"])}
    behaviors = (*found["default_cache_behavior"], *found["ordered_cache_behavior"])
    assert {behavior["target_origin_id"] for behavior in behaviors} <= there
