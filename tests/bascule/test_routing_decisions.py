"""What becomes of a request: decisions over the plans of a walk up the ladder, and what has to hold of any."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_plans import CONNECTED, HEALTH, SECRET, SITE, WORLD, change, distribution, prior, read, update

from bascule import plan_json, routing
from bascule.decisions import Decision, Unclear
from bascule.edge import ErrorPage
from bascule.http_request import Request, request
from bascule.listener_rules import FixedResponse, Forward, Redirect
from bascule.origin_requests import Caching, OriginRequest
from bascule.plan_json import Unknown
from bascule.routing import World

PLANS = Path(__file__).parents[1] / "plans"
HOST = "www.arquantix.com"
LATER = Unknown("x.y.z")


@cache
def planned(name: str, side: str = "after") -> World:
    """One side of a plan that Terraform made."""
    return routing.world(plan_json.read(json.loads((PLANS / f"{name}.json").read_text())["plan"]), side)


def decided(found: World, url: str, method: str = "GET", **headers: str) -> Decision:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    decision = routing.decide(routing.router(found), request(url, method, named))
    assert decision is not None
    return decision


def test_a_visitor_of_the_application_meets_all_there_is() -> None:
    """Behavior, cache, what is forwarded, security groups, listener rule, target group, health check."""
    found = decided(planned("up-to-serve"), f"https://{HOST}/about?x=1", "POST", accept="text/html", cookie="a=1")
    assert ("application", "the application", "default", "/about") == (
        found.end,
        found.answered_by,
        found.behavior,
        found.path,
    )
    assert isinstance(found.caching, Caching)
    assert ("CachingDisabled", False) == (found.caching.policy.name, found.caching.kept)
    assert isinstance(found.forwarded, OriginRequest)
    assert ("POST", "http", HOST, "x=1") == (
        found.forwarded.method,
        found.forwarded.scheme,
        found.forwarded.host,
        found.forwarded.query,
    )
    assert {"accept": "text/html", "cookie": "a=1"}.items() <= {
        n.lower(): v for n, v in found.forwarded.headers
    }.items()
    assert [True, True, True] == [gate.passes for gate in found.gates]
    assert [80, 3000, 3000] == [gate.port for gate in found.gates]
    assert ("aws_lb_listener.alb", "aws_lb_listener_rule.cloudfront") == (found.listener, found.rule)
    assert isinstance(found.action, Forward)
    (target,) = found.targets
    assert ("aws_lb_target_group.app", "200-399", None) == (
        target.group,
        target.health.check["matcher"],
        target.health.verdict,
    )


def test_the_secret_is_known_and_not_shown() -> None:
    """Who fetches needs it; who prints a decision must not tell it."""
    found = decided(planned("up-to-serve"), "/")
    assert isinstance(found.forwarded, OriginRequest)
    secret = dict(found.forwarded.headers)["X-Origin-Verify"]
    assert secret
    assert secret not in repr(found)


def test_a_bucket_may_be_a_website() -> None:
    """An origin like any other, for CloudFront."""
    for domain, website in (("old-site.s3-website.x.amazonaws.com", True), ("old-site.s3.x.amazonaws.com", False)):
        world = {**WORLD, SITE: distribution("b", origins=[{"origin_id": "b", "domain_name": domain}])}
        found = decided(world, "/").origin
        assert found is not None
        assert ("bucket", website) == (found.kind, found.website)


def test_a_visitor_of_the_bucket_meets_the_root_object_and_the_cache() -> None:
    """Before the move; the bucket is asked with the viewer's protocol."""
    found = decided(planned("up-to-serve", "before"), f"https://{HOST}/", accept_encoding="br")
    assert ("bucket", "/index.html", "https") == (found.end, found.path, found.forwarded.scheme)  # type: ignore[union-attr]
    assert isinstance(found.caching, Caching)
    assert ("CachingOptimized", True, "/index.html") == (
        found.caching.policy.name,
        found.caching.kept,
        found.caching.key.path,
    )
    assert (("accept-encoding", "br"),) == found.caching.key.headers
    assert found.origin is not None
    assert ("aws_s3_bucket.site", ()) == (found.origin.address, found.gates)


@pytest.mark.parametrize(
    ("url", "method", "status", "hops"),
    [
        (f"http://{HOST}/about", "GET", 301, ["behavior", "edge"]),
        (f"http://{HOST}/about", "POST", 307, ["behavior", "edge"]),
        (f"https://{HOST}/_next/static/a.js", "POST", 403, ["behavior", "edge"]),
        ("https://other.example/", "GET", 403, ["edge"]),
    ],
)
def test_the_edge_answers_by_itself(url: str, method: str, status: int, hops: list[str]) -> None:
    """No origin is asked."""
    found = decided(planned("up-to-serve"), url, method)
    assert found.edge is not None
    assert ("edge", status, f"CloudFront itself ({status})") == (found.end, found.edge.status, found.answered_by)
    assert hops == [hop.what for hop in found.hops]
    assert (None, None, ()) == (found.origin, found.forwarded, found.gates)


def test_a_mere_path_is_asked_of_the_sites_own_name() -> None:
    """By the distribution's first alternate name."""
    assert HOST == decided(planned("up-to-serve"), "/").request.host
    assert "application" == decided(WORLD, "/api/health").end


def test_the_distribution_that_answers_for_the_host_is_asked() -> None:
    """The site's own first."""
    other = distribution("S3-old-site", aliases=["other.example"], domain_name="d2.cloudfront.net")
    world = {**planned("up-to-serve"), "aws_cloudfront_distribution.other": other}
    assert [SITE, "aws_cloudfront_distribution.other", SITE] == [
        decided(world, url).distribution
        for url in (f"https://{HOST}/", "https://other.example/", "https://no.example/")
    ]


def test_a_distribution_that_is_off_answers_nobody() -> None:
    """Whatever it would do."""
    found = decided({**WORLD, SITE: {**CONNECTED, "enabled": False}}, "/")
    assert ("nothing", "the distribution is switched off") == (found.end, found.why)


def test_without_a_distribution_nothing_is_decided() -> None:
    """There is no edge."""
    assert routing.decide(routing.router({}), Request()) is None


def test_a_security_group_that_lets_nobody_in_is_the_end() -> None:
    """Whatever stands behind it."""
    world = {a: v for a, v in planned("up-to-serve").items() if "ingress_rule.alb" not in a}
    world["aws_security_group.alb"] = {**world["aws_security_group.alb"], "ingress": []}
    found = decided(world, "/")
    assert ("nothing", "CloudFront to aws_lb.alb: no rule lets it pass on port 80") == (found.end, found.why)


def test_a_rule_that_is_gone_lets_nobody_in_though_the_group_still_shows_it() -> None:
    """Terraform reads the group anew after the apply only; what somebody added by hand stays."""
    rule = {
        "security_group_id": "sg-1",
        "ip_protocol": "tcp",
        "from_port": 80,
        "to_port": 80,
        "prefix_list_id": "pl-1",
    }
    shown = {"protocol": "tcp", "from_port": 80, "to_port": 80, "prefix_list_ids": ["pl-1"]}
    by_hand = {**shown, "prefix_list_ids": [], "cidr_blocks": ["192.0.2.0/24"]}
    group = {"id": "sg-1", "ingress": [shown, by_hand]}
    found = read(
        change("aws_vpc_security_group_ingress_rule.a", ["delete"], before=rule, after=None),
        prior_state=prior(("aws_security_group.alb", group), ("data.aws_ec2_managed_prefix_list.c", {"id": "pl-1"})),
    )
    assert [[shown, by_hand], [by_hand]] == [
        routing.world(found, side)["aws_security_group.alb"]["ingress"] for side in ("before", "after")
    ]
    assert {"id": "pl-1"} == routing.world(found, "before")["data.aws_ec2_managed_prefix_list.c"]


def rule(**more: Any) -> dict[str, dict[str, Any]]:
    """The world of small_plans with another listener rule."""
    values = {**WORLD["aws_lb_listener_rule.cloudfront"], **more}
    return {
        **WORLD,
        SITE: distribution("S3-old-site", HEALTH, aliases=[HOST]),
        "aws_lb_listener_rule.cloudfront": values,
    }


def test_a_refusal_of_the_load_balancer_may_become_a_page_of_the_old_site() -> None:
    """That is why S3-era error pages are watched."""
    world = rule(condition=[{"path_pattern": [{"values": ["/x"]}]}])
    refused = decided(world, "/api/health")
    assert ("refusal", "", FixedResponse("403"), None) == (refused.end, refused.rule, refused.action, refused.error)
    page = {"error_code": 403, "response_code": 200, "response_page_path": "/index.html"}
    world[SITE] = {**world[SITE], "custom_error_response": [page]}
    assert ErrorPage(403, 200, "/index.html", 10) == decided(world, "/api/health").error
    world[SITE] = {**world[SITE], "custom_error_response": LATER}
    assert isinstance(decided(world, "/api/health").error, Unclear)


def test_a_redirect_of_the_load_balancer_is_made_for_each_request() -> None:
    """What it keeps of one isn't told to the next."""
    block = {"path": "/#{path}", "protocol": "HTTPS", "port": "443", "status_code": "HTTP_302"}
    ready = routing.router(rule(action=[{"type": "redirect", "redirect": [block]}]))
    found = [routing.decide(ready, Request("/api/health", query=query)) for query in ("a=1", "b=2")]
    # No policy is known, so neither is what is forwarded of host and query.
    assert [Redirect("302", "https://#{host}/api/health?#{query}")] * 2 == [one.action for one in found if one]


def test_what_is_forwarded_is_unclear_without_a_known_policy_and_the_way_is_not() -> None:
    """The secret header is the origin's own; a header that the viewer sends may or may not be passed on."""
    secret = {"http_header": [{"http_header_name": "X-Origin-Verify", "values": [SECRET]}]}
    other = {"http_header": [{"http_header_name": "RSC", "values": ["1"]}]}
    found = decided(rule(), "/api/health")
    assert isinstance(found.forwarded, Unclear)
    assert isinstance(found.caching, Unclear)
    assert "application" == found.end
    assert ["refusal", "unknown"] == [
        decided(rule(condition=[secret, other]), "/api/health", **headers).end for headers in ({}, {"RSC": "1"})
    ]


def test_a_header_condition_is_met_by_what_is_forwarded() -> None:
    """AllViewer passes the viewer's on; without it, CloudFront's table of headers does not."""
    world = dict(planned("up-to-serve"))
    address = "aws_lb_listener_rule.cloudfront"
    (first,) = world[address]["condition"]
    more = {"http_header": [{"http_header_name": "Accept-Language", "values": ["fr*"]}]}
    world[address] = {**world[address], "condition": [first, more]}
    assert ["application", "refusal"] == [
        decided(world, "/", accept_language=language).end for language in ("FR-ch", "de")
    ]
    behavior = {**world[SITE]["default_cache_behavior"][0], "origin_request_policy_id": ""}
    world[SITE] = {**world[SITE], "default_cache_behavior": [behavior]}
    assert "refusal" == decided(world, "/", accept_language="fr").end


def test_an_origin_is_asked_with_its_own_protocol_or_the_viewers() -> None:
    """A listener of the other protocol doesn't understand it."""
    for policy, url, end in (
        ("match-viewer", f"http://{HOST}/api/health", "application"),
        ("match-viewer", f"https://{HOST}/api/health", "nothing"),
        ("http-only", f"https://{HOST}/api/health", "application"),
    ):
        world = rule()
        world["aws_lb_listener.alb"] = {**world["aws_lb_listener.alb"], "protocol": "HTTP"}
        bucket, balancer = world[SITE]["origin"]
        custom = {**balancer["custom_origin_config"][0], "https_port": 80, "origin_protocol_policy": policy}
        world[SITE] = {**world[SITE], "origin": [bucket, {**balancer, "custom_origin_config": [custom]}]}
        assert end == decided(world, url).end


def test_the_route_of_all_requests_is_unknown_where_a_rule_tells_them_apart() -> None:
    """A decision is about one request, and knows."""
    world = rule(condition=[{"path_pattern": [{"values": ["/api/*"]}]}])
    assert "application" == decided(world, "/api/health").end
    found = routing.route(world, "/api/health")
    assert found is not None
    assert "unknown" == found.end


def test_an_unknown_root_object_leads_where_every_behavior_leads() -> None:
    """Which one it meets isn't known; a single request is not decided then."""
    everywhere = distribution("bascule-alb", HEALTH, default_root_object=LATER)
    elsewhere = distribution("S3-old-site", HEALTH, default_root_object=LATER)
    ends = [routing.route({**WORLD, SITE: values}, "/") for values in (everywhere, elsewhere)]
    assert ["application", "unknown"] == [found.end for found in ends if found]
    assert "unknown" == decided({**WORLD, SITE: everywhere}, "/").end


def test_a_vpc_origin_is_not_modelled() -> None:
    """It is said so, and not followed."""
    world = rule()
    bucket, balancer = world[SITE]["origin"]
    world[SITE] = {**world[SITE], "origin": [bucket, {**balancer, "vpc_origin_config": [{"vpc_origin_id": "vo_1"}]}]}
    assert ("unknown", "a VPC origin") == (decided(world, "/api/health").end, decided(world, "/api/health").why)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where there is anything in a value."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copied = copy.copy(value)
    copied[path[0]] = put(value[path[0]], path[1:], new)
    return copied


SERVING = json.loads(json.dumps(planned("up-to-serve"), default=lambda _: None))
PLACES = [path for path in places(SERVING) if len(path) > 1]
NAMES_TO_COME = (("aws_lb.alb", "arn"), ("aws_lb.alb", "dns_name"), ("aws_lb_listener.alb", "arn"))
"""What nothing known can refer to before it is known, so that Terraform would know of no reference either."""
URLS = st.sampled_from(["/", "/api/health", "/_next/static/a.js", f"http://{HOST}/x", "https://other.example/"])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PLACES), URLS)
def test_what_is_not_known_changes_no_answer_but_to_unknown(path: tuple[Any, ...], url: str) -> None:
    """Wherever in the world it is, it is never guessed."""
    world = put(SERVING, path, LATER)
    known, unsure = decided(SERVING, url), decided(world, url)
    if path not in NAMES_TO_COME:
        assert unsure.end in (known.end, "unknown")
        if unsure.edge is not None:
            assert known.edge == unsure.edge
    found, before = routing.route(world, "/"), routing.route(SERVING, "/")
    assert found is not None
    assert before is not None
    assert path in NAMES_TO_COME or found.end in (before.end, "unknown")


ascii_text = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
requests = st.builds(
    Request,
    path=ascii_text.map(lambda path: f"/{path}"),
    method=st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "TRACE", ""]),
    scheme=st.sampled_from(["http", "https"]),
    host=st.sampled_from(["", HOST, "other.example", "."]) | ascii_text,
    query=ascii_text,
    headers=st.lists(
        st.tuples(
            st.sampled_from(["Cookie", "Accept-Encoding", "X-A", "Upgrade", "Authorization"]) | ascii_text, ascii_text
        ),
        max_size=4,
    ).map(tuple),
    address=st.none() | st.just("192.0.2.1"),
    body=st.booleans(),
)


@given(requests, st.sampled_from(["up-to-serve", "serve-known-later", "build-known-later", "up-to-connect"]))
def test_any_request_is_decided(viewers: Request, name: str) -> None:
    """In words that are known, and the same when it comes again."""
    ready = routing.router(planned(name))
    found = routing.decide(ready, viewers)
    assert found is not None
    assert found.end in {"edge", "bucket", "application", "refusal", "elsewhere", "nothing", "unknown"}
    assert ("edge" == found.end) is (found.edge is not None)
    assert found == routing.decide(ready, viewers) == routing.decide(routing.router(planned(name)), viewers)


@given(requests, ascii_text.map(lambda text: f"/{text}"))
def test_a_behavior_put_behind_changes_no_decision_that_an_earlier_one_took(viewers: Request, behind: str) -> None:
    """All of the decision: what is forwarded, and what is kept, too."""
    world = planned("up-to-serve")
    site = world[SITE]
    added = {**site["ordered_cache_behavior"][0], "path_pattern": behind}
    wider = {**world, SITE: {**site, "ordered_cache_behavior": [*site["ordered_cache_behavior"], added]}}
    before, after = (routing.decide(routing.router(found), viewers) for found in (world, wider))
    assert before is not None
    assert before == after or before.behavior in ("default", "")


@pytest.mark.parametrize("name", ["up-to-connect", "up-to-serve", "rollback-from-serve", "up-to-retire"])
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_decision_goes_the_way_of_its_route(name: str, side: str) -> None:
    """One model: what the review shows of a path is what a visitor meets."""
    world = planned(name, side)
    for path in routing.paths(world):
        found, way = decided(world, f"https://{HOST}{path}"), routing.route(world, path)
        assert way is not None
        assert (way.end, way.hops) == (found.end, found.hops)
        assert way == routing.route(routing.router(world), path)


def test_a_plan_that_changes_nothing_decides_alike_on_both_sides() -> None:
    """Whatever a narrowed plan doesn't speak of is there on both."""
    found = read(
        update(SITE, CONNECTED, CONNECTED), prior_state=prior(*((a, v) for a, v in WORLD.items() if a != SITE))
    )
    assert decided(routing.world(found, "before"), "/") == decided(routing.world(found, "after"), "/")
