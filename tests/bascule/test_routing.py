"""Where a request goes, and what a plan means for visitors."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_plans import (
    ALB_DOMAIN,
    ALB_ORIGIN,
    BUCKET,
    BUCKET_ORIGIN,
    BUILD,
    CONNECTED,
    FORGET,
    GROUP,
    HEALTH,
    LISTENER,
    RULE,
    SECRET,
    SERVE,
    SERVED,
    SERVICE,
    SITE,
    STAYS,
    WORLD,
    change,
    configuration,
    distribution,
    plan,
    prior,
    read,
    same,
    update,
)

from bascule import plan_json, routing
from bascule.ladder import ALB_ORIGIN_ID
from bascule.plan_json import Unknown
from bascule.visitors import visitors

# CloudFront developer guide, "Cache behavior settings", path pattern: `*` is any characters, `?` is exactly one, case
# counts, and with or without a leading slash a pattern means the same; query strings play no part.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html#DownloadDistValuesPathPattern
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CacheBehavior.html ("the same with or without the
# leading /"), https://repost.aws/knowledge-center/cloudfront-not-following-cache-behavior ("case-sensitive"; `test/`
# doesn't take `test/file1.jpg`).
MATCHES = {
    ("/images/*.jpg", "/images/a.jpg"),
    ("images/*.jpg", "/images/a.jpg"),
    ("/images/*.jpg", "/images/deep/er/a.jpg"),
    ("/images/*.jpg", "/images/.jpg"),
    ("*.gif", "/a.gif"),
    ("*.gif", "/images/a.gif"),
    ("*", "/"),
    ("*", "/anything/at.all"),
    ("/*", "/"),
    ("/", "/"),
    ("a??.jpg", "/abc.jpg"),
    ("/a*/b?", "/a/x/b1"),
    ("/a[b].(c)+$", "/a[b].(c)+$"),
    ("/_next/static/*", "/_next/static/chunks/main.js"),
}
DOESNT = {
    ("/images/*.jpg", "/images/LOGO.JPG"),
    ("/Images/*", "/images/a"),
    ("test/", "/test/file1.jpg"),
    ("/images", "/images/"),
    ("/images/*", "/images"),
    ("a??.jpg", "/ab.jpg"),
    ("a??.jpg", "/abcd.jpg"),
    ("images/*", "/more/images/a"),
    ("/a.c", "/abc"),
    ("/a[b]", "/ab"),
    ("/", "/a"),
}


@pytest.mark.parametrize(("pattern", "path"), sorted(MATCHES))
def test_a_pattern_takes_a_path_as_cloudfront_says(pattern: str, path: str) -> None:
    """With its two wildcards, and with or without a leading slash."""
    assert routing.matches(pattern, path)


@pytest.mark.parametrize(("pattern", "path"), sorted(DOESNT))
def test_a_pattern_takes_no_other_path(pattern: str, path: str) -> None:
    """Case counts, the whole path counts, and nothing but `*` and `?` is a wildcard."""
    assert not routing.matches(pattern, path)


segments = st.text(st.characters(exclude_characters="*?", exclude_categories=["Cs"]), max_size=5)


@given(st.lists(segments, min_size=1, max_size=4), st.lists(st.text(max_size=5), min_size=4, max_size=4))
def test_a_star_stands_for_any_characters(parts: list[str], fillings: list[str]) -> None:
    """Whatever stands around it, and whatever it stands for."""
    path = "/" + "".join(f"{part}{filling}" for part, filling in zip(parts, fillings, strict=False))
    assert routing.matches("/" + "".join(f"{part}*" for part in parts), path)


@given(segments)
def test_a_pattern_without_wildcards_takes_itself_alone(text: str) -> None:
    """No other character has a meaning, whatever it means to regular expressions."""
    assert routing.matches(f"/{text}", f"/{text}")
    assert not routing.matches(f"/{text}", f"/{text}x")
    assert not routing.matches(f"/{text}x", f"/{text}")


@given(st.text(max_size=8))
def test_a_pattern_takes_its_own_example(pattern: str) -> None:
    """So an example of a behavior is never one of another behavior, but for an earlier one that takes more."""
    assert routing.matches(pattern, routing.example(pattern))


def test_the_first_pattern_that_matches_wins() -> None:
    """In the list's order; what no pattern takes is the default behavior's."""
    found = distribution(
        "d",
        {"path_pattern": "/a/*", "target_origin_id": "first"},
        {"path_pattern": "*", "target_origin_id": "second"},
        {"path_pattern": "/b", "target_origin_id": "never"},
    )
    assert ["first", "second", "second"] == [
        routing.behavior_of(found, path)[1]["target_origin_id"] for path in ("/a/1", "/b", "/")
    ]
    assert (routing.DEFAULT, {"target_origin_id": "d"}) == routing.behavior_of(distribution("d"), "/")


def test_a_request_is_followed_to_each_behavior_once() -> None:
    """`/` for the default one; a pattern that is on both sides, or is written in two ways, is one."""
    before = {SITE: distribution("d", {"path_pattern": "/a"}, {"path_pattern": "b/*"})}
    after = {SITE: distribution("d", {"path_pattern": "/b/*"}, {"path_pattern": "/c?"})}
    assert ["/", "/a", "/b/*", "/c?"] == routing.paths(before, after)


def test_without_a_distribution_there_is_no_way() -> None:
    """Nothing is known of where requests go."""
    assert routing.route({"aws_lb.alb": {}}, "/") is None
    assert ["/"] == routing.paths({})


def stations(path: str, **replaced: Any) -> tuple[list[str], str]:
    """The way of a request through the world of small_plans, in which these resources are others; None is none."""
    names = {name: address for address in WORLD for name in [address.split(".")[0].removeprefix("aws_")]}
    world = {**WORLD, **{names[name]: values for name, values in replaced.items()}}
    found = routing.route({address: values for address, values in world.items() if values is not None}, path)
    assert found is not None
    assert path == found.path
    return [f"{hop.what} {hop.name}" for hop in found.hops], found.end


def test_a_request_goes_to_the_bucket() -> None:
    """Behavior, origin, and that is all."""
    assert (["behavior default", "origin S3-old-site"], "bucket") == stations("/")


TO_THE_RULE = [
    "behavior /api/health",
    f"origin {ALB_ORIGIN_ID}",
    "listener aws_lb_listener.alb",
    "rule aws_lb_listener_rule.cloudfront",
]


def test_a_request_goes_through_the_load_balancer_to_the_application() -> None:
    """Listener by port, rule by the secret header, target group, task; and the header's value isn't told."""
    found = routing.route(WORLD, "/api/health")
    assert found is not None
    assert (
        [*TO_THE_RULE, "target group aws_lb_target_group.app", "target aws_ecs_service.site"],
        "application",
    ) == stations("/api/health")
    assert "the application" == found.answered_by
    assert ["aws_lb.alb over HTTP", "HTTP:80", "app:3000"] == [found.hops[i].does for i in (1, 2, 5)]
    assert SECRET not in str(found)


def rule(**more: Any) -> dict[str, Any]:
    return {**RULE, **more}


def header(*values: Any, name: str = "X-Origin-Verify") -> dict[str, Any]:
    """A condition on a header."""
    return {"http_header": [{"http_header_name": name, "values": list(values)}], "path_pattern": []}


FORWARD_TWICE = [{"type": "forward", "forward": [{"target_group": [{"arn": "arn:other"}, {"arn": GROUP["arn"]}]}]}]
PORTS = {"http_port": 80, "https_port": 443}
HTTPS = {**ALB_ORIGIN, "custom_origin_config": [{**PORTS, "origin_protocol_policy": "https-only"}]}
ENDS: dict[str, tuple[dict[str, Any], str]] = {
    "the secret is another": ({"lb_listener_rule": rule(condition=[header("other")])}, "refusal"),
    "the secret is one of two": ({"lb_listener_rule": rule(condition=[header("other", SECRET)])}, "application"),
    "the rule takes more than one header, one of which isn't sent": (
        {"lb_listener_rule": rule(condition=[header(SECRET), header("x", name="X-Other")])},
        "refusal",
    ),
    "there is no rule": ({"lb_listener_rule": None}, "refusal"),
    "the rule is another listener's": ({"lb_listener_rule": rule(listener_arn="arn:other")}, "refusal"),
    "the rule has a condition that isn't understood": (
        {"lb_listener_rule": rule(condition=[header(SECRET), {"path_pattern": [{"values": ["/a"]}]}])},
        "unknown",
    ),
    "the listener has another port": ({"lb_listener": {**LISTENER, "port": 8080}}, "nothing"),
    "there is no listener": ({"lb_listener": None}, "nothing"),
    "CloudFront asks on the other port": (
        {"cloudfront_distribution": distribution("d", HEALTH, origins=[HTTPS])},
        "nothing",
    ),
    "the load balancer is a stranger's": ({"lb": None}, "elsewhere"),
    "the service isn't attached": ({"ecs_service": {**SERVICE, "load_balancer": []}}, "nothing"),
    "there is no service": ({"ecs_service": None}, "nothing"),
    "the rule weighs two groups": ({"lb_listener_rule": rule(action=FORWARD_TWICE)}, "application"),
    "the rule redirects": ({"lb_listener_rule": rule(action=[{"type": "redirect"}])}, "elsewhere"),
    "the rule does nothing": ({"lb_listener_rule": rule(action=[])}, "nothing"),
    "the behavior's origin is missing": (
        {"cloudfront_distribution": distribution("d", HEALTH, origins=[BUCKET_ORIGIN])},
        "nothing",
    ),
    "the behavior's target is a group of origins": (
        {
            "cloudfront_distribution": distribution(
                "d", HEALTH, origins=[BUCKET_ORIGIN], origin_group=[{"origin_id": ALB_ORIGIN_ID}]
            )
        },
        "elsewhere",
    ),
}


@pytest.mark.parametrize(("replaced", "end"), ENDS.values(), ids=ENDS)
def test_a_request_ends_where_the_configuration_lets_it(replaced: dict[str, Any], end: str) -> None:
    """One thing is other than it should be."""
    assert end == stations("/api/health", **replaced)[1]


LATER = Unknown("aws_x.y.z")
UNKNOWNS: dict[str, dict[str, Any]] = {
    "the behavior's target": {"cloudfront_distribution": distribution("d", {**HEALTH, "target_origin_id": LATER})},
    "the behavior's pattern": {"cloudfront_distribution": distribution("d", {**HEALTH, "path_pattern": LATER})},
    "the behaviors": {"cloudfront_distribution": distribution("d", ordered_cache_behavior=LATER)},
    "an origin": {"cloudfront_distribution": distribution("d", HEALTH, origins=[LATER])},
    "the origins": {"cloudfront_distribution": {**CONNECTED, "origin": LATER}},
    "the origin's domain": {
        "cloudfront_distribution": distribution("d", HEALTH, origins=[{**ALB_ORIGIN, "domain_name": LATER}])
    },
    "the origin's headers": {
        "cloudfront_distribution": distribution("d", HEALTH, origins=[{**ALB_ORIGIN, "custom_header": LATER}])
    },
    "the header's value": {
        "cloudfront_distribution": distribution(
            "d", HEALTH, origins=[{**ALB_ORIGIN, "custom_header": [{"name": "X-Origin-Verify", "value": LATER}]}]
        )
    },
    "the listener's port": {"lb_listener": {**LISTENER, "port": LATER}},
    "the rule's conditions": {"lb_listener_rule": rule(condition=LATER)},
    "a condition of the rule": {"lb_listener_rule": rule(condition=[LATER])},
    "the headers of a condition": {"lb_listener_rule": rule(condition=[{"http_header": LATER}])},
    "the values of a header": {
        "lb_listener_rule": rule(
            condition=[{"http_header": [{"http_header_name": "X-Origin-Verify", "values": LATER}]}]
        )
    },
    "a value of a header": {"lb_listener_rule": rule(condition=[header("other", LATER)])},
    "the rule's action": {"lb_listener_rule": rule(action=LATER)},
    "the rule's target group": {"lb_listener_rule": rule(action=[{"type": "forward", "target_group_arn": LATER}])},
    "the service's load balancers": {"ecs_service": {**SERVICE, "load_balancer": LATER}},
    "a load balancer of the service": {"ecs_service": {**SERVICE, "load_balancer": [LATER]}},
}


@pytest.mark.parametrize("replaced", UNKNOWNS.values(), ids=UNKNOWNS)
def test_what_is_known_after_apply_makes_the_end_unknown(replaced: dict[str, Any]) -> None:
    """It is never taken for a way that holds, nor for one that doesn't."""
    assert "unknown" == stations("/api/health", **replaced)[1]


def test_an_unknown_that_says_what_it_will_be_is_followed() -> None:
    """New load balancer, new listener, new target group: none has an ARN, all are told apart."""
    arns = {kind: Unknown(f"aws_lb_{kind}.new.arn") for kind in ("listener", "target_group")}
    arns["lb"] = Unknown("aws_lb.new.arn")
    assert (
        "application"
        == (
            stations(
                "/api/health",
                cloudfront_distribution=distribution(
                    "d", HEALTH, origins=[{**ALB_ORIGIN, "domain_name": Unknown("aws_lb.new.dns_name")}]
                ),
                lb={"arn": arns["lb"], "dns_name": Unknown("aws_lb.new.dns_name")},
                lb_listener={**LISTENER, "arn": arns["listener"], "load_balancer_arn": arns["lb"]},
                lb_listener_rule=rule(
                    listener_arn=arns["listener"],
                    action=[{"type": "forward", "target_group_arn": arns["target_group"]}],
                ),
                lb_target_group={"arn": arns["target_group"]},
                ecs_service={"load_balancer": [{"target_group_arn": arns["target_group"], "container_name": "app"}]},
            )[1]
        )
    )


def test_the_rule_of_the_lowest_priority_number_is_asked_first() -> None:
    """By number and not by its digits; one of another listener isn't asked."""
    refuse = [{"type": "fixed-response", "fixed_response": [{"status_code": "410"}]}]
    world = {**WORLD, "aws_lb_listener_rule.cloudfront": rule(priority=10)}
    assert "application" == routing.route(world, "/api/health").end  # type: ignore[union-attr]
    world["aws_lb_listener_rule.other"] = rule(priority=9, action=refuse)
    found = routing.route(world, "/api/health")
    assert found is not None
    assert ("refusal", "a refusal (410)") == (found.end, found.answered_by)


# ELB user guide, "Condition types for listener rules": names and values of headers are compared without case, and
# values may hold `*` and `?`. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("X-Origin-Verify", ["s3cret"], True),
        ("x-origin-VERIFY", ["S3CRET"], True),
        ("X-Origin-Verify", ["s?cret"], True),
        ("X-Origin-Verify", ["*"], True),
        ("X-Origin-Verify", ["s3cre"], False),
        ("X-Origin-Verify", ["s3.ret"], False),
        ("X-Origin-Verify", [], False),
        ("X-Other", ["s3cret"], False),
        ("X-Origin-Verify", ["other", LATER], None),
        ("X-Origin-Verify", LATER, None),
        ("X-Other", LATER, False),
    ],
)
def test_a_header_condition_is_read_as_elb_says(name: str, values: Any, expected: bool | None) -> None:
    """Without case, with wildcards; what isn't known is neither taken nor refused."""
    condition = {"http_header": [{"http_header_name": name, "values": values}]}
    assert expected is routing.accepts({"condition": [condition]}, {"x-origin-verify": "s3cret"})


@pytest.mark.parametrize(
    "domain", ["s3.amazonaws.com", "s3.me-central-1.amazonaws.com", "s3-website.me-central-1.amazonaws.com"]
)
def test_every_endpoint_of_the_bucket_is_the_bucket(domain: str) -> None:
    """Global, regional, or a website's."""
    origin = {"origin_id": "b", "domain_name": f"old-site.{domain}"}
    assert "bucket" == stations("/", cloudfront_distribution=distribution("b", origins=[origin]))[1]


def test_a_bucket_of_which_no_name_is_known_is_no_origin() -> None:
    """Nor is every S3 endpoint the bucket's."""
    assert "elsewhere" == stations("/", s3_bucket={"bucket": None})[1]
    assert "elsewhere" == stations("/", s3_bucket={"bucket": "another"})[1]


def test_the_world_before_and_after_is_all_that_a_plan_knows_of() -> None:
    """What changes, what stays, and what a narrowed plan doesn't speak of."""
    found = read(
        update("aws_lb.alb", {"name": "a"}, {"name": "b"}),
        change("aws_lb.new", ["create"], before=None, after={"name": "c"}),
        change("aws_lb.old", ["delete"], before={"name": "d"}, after=None),
        prior_state=prior(("aws_lb.untouched", {"name": "e"})),
    )
    names = [
        {address: values["name"] for address, values in routing.world(found, side).items()}
        for side in ("before", "after")
    ]
    assert [
        {"aws_lb.untouched": "e", "aws_lb.alb": "a", "aws_lb.old": "d"},
        {"aws_lb.untouched": "e", "aws_lb.alb": "b", "aws_lb.new": "c"},
    ] == names


def test_a_deposed_object_is_not_what_is_in_use() -> None:
    """It stands at the same address as the resource that replaced it."""
    deposed = change("aws_lb.alb", ["delete"], before={"arn": "arn:old", "dns_name": "x"}, after=None)
    found = read(same(SITE, SERVED), *STAYS, deposed | {"deposed": "9ab3c1d2"})
    assert "None: CloudFront still serves the application" == visitors(found)
    before = routing.route(routing.world(found, "before"), "/")
    assert before is not None
    assert "application" == before.end


def blog(domain: str) -> dict[str, Any]:
    """A distribution whose blog is somewhere else."""
    where = {"path_pattern": "/blog/*", "target_origin_id": "blog"}
    return distribution("S3-old-site", where, origins=[BUCKET_ORIGIN, {"origin_id": "blog", "domain_name": domain}])


ADOPTED = distribution(origins=[BUCKET_ORIGIN])
SENTENCES: dict[str, tuple[Any, str]] = {
    "nothing": (plan(), "None: CloudFront goes on as it is"),
    "a load balancer that is built": (BUILD, "None: CloudFront still serves the bucket"),
    "adopting": (
        plan(
            change(SITE, ["no-op"], before=ADOPTED, after=ADOPTED, importing={"id": "E1"}),
            same("aws_s3_bucket.site", BUCKET),
        ),
        "None: CloudFront still serves the bucket",
    ),
    "letting go": (FORGET, "None: CloudFront goes on as it is"),
    "a probe path": (
        plan(update(SITE, ADOPTED, CONNECTED), *STAYS),
        "Only /api/health goes to the application; everything else is still served by the bucket",
    ),
    "a probe path that goes": (
        plan(update(SITE, CONNECTED, ADOPTED), *STAYS),
        "Only /api/health goes to the bucket, like everything else",
    ),
    "visitors sent to the application": (SERVE, "Visitors get the application, instead of the bucket"),
    "visitors sent back": (
        plan(update(SITE, SERVED, CONNECTED), *STAYS),
        "Visitors get the bucket, instead of the application",
    ),
    "visitors sent back by a plan of the distribution alone": (
        plan(
            update(SITE, SERVED, CONNECTED),
            prior_state=prior(*((a, v) for a, v in WORLD.items() if a != SITE)),
            complete=False,
        ),
        "Visitors get the bucket, instead of the application",
    ),
    "visitors sent to nothing": (
        plan(update(SITE, CONNECTED, SERVED), *(one for one in STAYS if one["type"] != "aws_ecs_service")),
        "Visitors would get NOTHING, instead of the bucket",
    ),
    "visitors sent to a refusal": (
        plan(update(SITE, CONNECTED, SERVED), *(one for one in STAYS if one["type"] != "aws_lb_listener_rule")),
        "Visitors would get A REFUSAL (403), instead of the bucket",
    ),
    "visitors sent to something unknown": (
        plan(
            update(SITE, CONNECTED, SERVED),
            *(one for one in STAYS if one["type"] != "aws_lb_listener_rule"),
            update(
                "aws_lb_listener_rule.cloudfront", RULE, {**RULE, "condition": None}, after_unknown={"condition": True}
            ),
        ),
        "Unknown until apply: the bucket now, then what is known after apply only",
    ),
    "visitors sent elsewhere": (
        plan(update(SITE, blog("x"), {**blog("x"), "default_cache_behavior": [{"target_origin_id": "blog"}]}), *STAYS),
        "Visitors get blog, instead of the bucket",
    ),
    "the distribution deleted": (
        plan(change(SITE, ["delete"], before=CONNECTED, after=None), *STAYS),
        "The site goes down: the distribution would be deleted",
    ),
    "tags": (
        plan(update(SITE, CONNECTED, {**CONNECTED, "tags": {"a": "b"}, "comment": "c"}), *STAYS),
        "None: CloudFront still serves the bucket",
    ),
    "another certificate": (
        plan(update(SITE, CONNECTED, {**CONNECTED, "viewer_certificate": [{"acm_certificate_arn": "arn:x"}]}), *STAYS),
        "CloudFront still serves the bucket, but differently: viewer_certificate",
    ),
    "the same aliases in another order": (
        plan(update(SITE, {**CONNECTED, "aliases": ["a", "b"]}, {**CONNECTED, "aliases": ["b", "a"]}), *STAYS),
        "None: CloudFront still serves the bucket",
    ),
    "null that becomes empty": (
        plan(update(SITE, {**CONNECTED, "web_acl_id": None}, {**CONNECTED, "web_acl_id": ""}), *STAYS),
        "None: CloudFront still serves the bucket",
    ),
}


@pytest.mark.parametrize(("document", "expected"), SENTENCES.values(), ids=SENTENCES)
def test_a_plan_means_one_thing_for_visitors(document: Any, expected: str) -> None:
    """The sentence that a reviewer reads first."""
    assert expected == visitors(plan_json.read(document))


NOTICED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another folder of the bucket": (
        ADOPTED,
        distribution(origins=[{**BUCKET_ORIGIN, "origin_path": "/v2"}]),
    ),
    "another server behind the same name": (blog("old.example.com"), blog("new.example.com")),
    "another server behind the default behavior": (
        distribution("blog", origins=[{"origin_id": "blog", "domain_name": "old.example.com"}]),
        distribution("blog", origins=[{"origin_id": "blog", "domain_name": "new.example.com"}]),
    ),
    "no start page": ({**ADOPTED, "default_root_object": "index.html"}, {**ADOPTED, "default_root_object": None}),
    "another error page": (
        {**ADOPTED, "custom_error_response": [{"error_code": 404, "response_page_path": "/404.html"}]},
        ADOPTED,
    ),
    "other methods on a path": (CONNECTED, distribution("S3-old-site", {**HEALTH, "allowed_methods": ["GET"]})),
    "an alias that goes": ({**ADOPTED, "aliases": ["a", "b"]}, {**ADOPTED, "aliases": ["a"]}),
}


@pytest.mark.parametrize(("before", "after"), NOTICED.values(), ids=NOTICED)
def test_what_visitors_may_notice_is_not_nothing(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Though every request goes where it went."""
    found = visitors(read(update(SITE, before, after), *STAYS))
    assert not found.startswith("None")


DOWN = {
    "a distribution that is switched off": update(SITE, CONNECTED, {**CONNECTED, "enabled": False}),
    "a distribution that is replaced": change(SITE, ["delete", "create"], before=CONNECTED, after=CONNECTED),
}


@pytest.mark.parametrize("one", DOWN.values(), ids=DOWN)
def test_a_site_that_goes_down_is_said_to(one: dict[str, Any]) -> None:
    """A new distribution has another domain name, and one that is off answers nobody."""
    assert "The site goes down" in visitors(read(one, *STAYS))


def test_a_bucket_that_is_deleted_serves_nobody() -> None:
    """The origin stands in the distribution, but there is nothing behind it."""
    stays = [one for one in STAYS if one["type"] != "aws_s3_bucket"]
    deleted = change("aws_s3_bucket.site", ["delete"], before=BUCKET, after=None)
    found = visitors(read(same(SITE, CONNECTED), *stays, deleted))
    assert "Visitors would get NOTHING, instead of the bucket" == found


def test_a_bucket_that_is_let_go_serves_on() -> None:
    """Terraform forgets it, visitors don't."""
    stays = [one for one in STAYS if one["type"] != "aws_s3_bucket"]
    forgotten = change("aws_s3_bucket.site", ["forget"], before=BUCKET, after=None)
    found = visitors(read(same(SITE, CONNECTED), *stays, forgotten))
    assert found.startswith("None")


def test_a_new_load_balancer_is_followed_through_the_configuration() -> None:
    """A plan from `adopt` straight to `connect`: nothing has an ARN yet, and yet the way is known."""
    created = {
        "aws_lb.alb": ({"name": "ours"}, {"arn": True, "dns_name": True}, {}),
        "aws_lb_target_group.app": ({"name": "ours"}, {"arn": True}, {}),
        "aws_lb_listener.alb": (
            {key: value for key, value in LISTENER.items() if "arn" not in key},
            {"arn": True, "load_balancer_arn": True},
            {"load_balancer_arn": {"references": ["aws_lb.alb.arn", "aws_lb.alb"]}},
        ),
        "aws_lb_listener_rule.cloudfront": (
            {**RULE, "listener_arn": None, "action": [{"type": "forward"}]},
            {"listener_arn": True, "action": [{"target_group_arn": True}]},
            {
                "listener_arn": {"references": ["aws_lb_listener.alb.arn", "aws_lb_listener.alb"]},
                "action": [{"target_group_arn": {"references": ["aws_lb_target_group.app.arn"]}}],
            },
        ),
    }
    origin = {key: value for key, value in ALB_ORIGIN.items() if key != "domain_name"}
    found = read(
        *(
            change(address, ["create"], before=None, after=after, after_unknown=unknown)
            for address, (after, unknown, _) in created.items()
        ),
        update(
            SITE,
            ADOPTED,
            distribution("S3-old-site", HEALTH, origins=[BUCKET_ORIGIN, origin]),
            after_unknown={"origin": [{}, {"domain_name": True}]},
        ),
        update(
            "aws_ecs_service.site",
            {"load_balancer": []},
            {"load_balancer": [{"container_name": "app", "container_port": 3000}]},
            after_unknown={"load_balancer": [{"target_group_arn": True}]},
        ),
        same("aws_s3_bucket.site", BUCKET),
        configuration=configuration(
            **{address.replace(".", "__"): expressions for address, (_, _, expressions) in created.items()},
            aws_cloudfront_distribution__site={
                "origin": [
                    {"origin_id": {"constant_value": "S3-old-site"}},
                    {
                        "origin_id": {"constant_value": ALB_ORIGIN_ID},
                        "domain_name": {"references": ["aws_lb.alb.dns_name"]},
                    },
                ]
            },
            aws_ecs_service__site={
                "load_balancer": [{"target_group_arn": {"references": ["aws_lb_target_group.app.arn"]}}]
            },
        ),
    )
    assert re.match("Only /api/health goes to the application; ", visitors(found))
    assert ALB_DOMAIN not in str(routing.route(routing.world(found, "after"), "/api/health"))
