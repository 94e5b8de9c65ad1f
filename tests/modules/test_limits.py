"""What the provider accepts and AWS would refuse is refused when it is synthesized, by file and key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from synthesis import (
    ADOPTED,
    CERTIFICATE,
    DEFAULT_BEHAVIOR,
    LEGACY,
    S3_ORIGIN,
    SITE,
    VARIANTS,
    Variant,
    behavior,
    site_with,
    synthesize,
    with_distribution,
    with_service,
    without,
)

from bascule.errors import InputError
from bascule.ladder import Stage
from imports import Adopted
from modules import limits

FILE = "sites/arquantix.toml"
DISTRIBUTION_FILE = "imports/arquantix/distribution.tf"
SUBNETS = list(ADOPTED.facts.zones)


def refused(site: Any = SITE, adopted: Adopted = ADOPTED, stage: Stage = Stage.SERVE) -> InputError:
    """The error of a synthesis that has to fail; it says where and how to mend it."""
    with pytest.raises(InputError) as caught:
        synthesize(Variant(site, adopted), stage)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_site_within_the_limits_is_synthesized(variant: str) -> None:
    """Nothing below is refused without need."""
    assert synthesize(VARIANTS[variant], Stage.SERVE)


@pytest.mark.parametrize(
    ("subnets", "what"),
    [
        ([SUBNETS[0]], "at least 2 zones; these are in me-central-1a"),
        ([SUBNETS[0], SUBNETS[0]], "at least 2 zones; these are in me-central-1a, me-central-1a"),
        ([*SUBNETS, "subnet-0123456789abcdef0"], "subnet-0123456789abcdef0: not in vpc-0a7d41c5be92f3680"),
    ],
)
def test_the_load_balancer_needs_a_subnet_in_each_of_two_zones(subnets: list[str], what: str) -> None:
    """And each of them in the service's VPC."""
    error = refused(site_with(load_balancer=f"subnets = {subnets}".replace("'", '"')), stage=Stage.BUILD)
    assert what in error.what
    assert f"{FILE}: load_balancer.subnets" == error.where


@pytest.mark.parametrize("zone", ["me-central-1a", "me-central-1b", "me-central-1c"])
def test_the_load_balancer_reaches_every_zone_of_the_tasks(zone: str) -> None:
    """A target in a zone without the ALB stays unused; where no task runs there, two zones will do."""
    left_out = next(subnet for subnet in SUBNETS if ADOPTED.facts.zones[subnet] == zone)
    two = [subnet for subnet in SUBNETS if subnet != left_out]
    site = site_with(load_balancer=f"subnets = {two}".replace("'", '"'))
    error = refused(site, stage=Stage.BUILD)
    assert f"tasks run in {zone} too" in error.what
    assert f"{FILE}: load_balancer.subnets" == error.where
    assert synthesize(Variant(site, with_service(network_configuration=[{"subnets": two[:1]}])), Stage.BUILD)


def test_a_load_balancer_may_span_more_zones_than_the_tasks() -> None:
    """The service may come to them later."""
    site = site_with(load_balancer=f"subnets = {SUBNETS}".replace("'", '"'))
    assert synthesize(Variant(site, with_service(network_configuration=[{"subnets": SUBNETS[:1]}])), Stage.BUILD)


@pytest.mark.parametrize(("minimum", "maximum"), [(100, 200), (50, 200), (1, 250)])
def test_a_deployment_that_starts_before_it_stops_is_accepted(minimum: int, maximum: int) -> None:
    """And so is one that says nothing: ECS's own defaults are 100 and 200."""
    percentages = {"deployment_minimum_healthy_percent": minimum, "deployment_maximum_percent": maximum}
    assert synthesize(Variant(adopted=with_service(**percentages)), Stage.BUILD)
    plain = replace(ADOPTED, service=without(ADOPTED.service, *percentages))
    assert synthesize(Variant(adopted=plain), Stage.BUILD)


def test_a_service_in_one_zone_says_which_subnets_there_are() -> None:
    """Its own subnets are the default, so the remedy lists the VPC's."""
    error = refused(adopted=with_service(network_configuration=[{"subnets": SUBNETS[:1]}]), stage=Stage.BUILD)
    assert all(subnet in error.remedy for subnet in SUBNETS)


@pytest.mark.parametrize(
    ("site", "adopted", "key", "what"),
    [
        (SITE, with_service(network_configuration=[]), "service.name", "no addresses of their own"),
        (site_with(service="container_port = 8080"), ADOPTED, "service.container_port", "listened on port 3000"),
        (site_with(service='container = "other"'), ADOPTED, "service.container", "container arquantix-coming-soon"),
        (
            site_with(service=f"keep_security_groups = {[f'sg-0000000{n}' for n in range(5)]}".replace("'", '"')),
            ADOPTED,
            "service.keep_security_groups",
            "ECS allows 5",
        ),
        (SITE, with_service(load_balancer=[{"container_name": "x"}] * 5), "service.name", "ECS allows 5"),
        (
            SITE,
            with_service(load_balancer=[{"container_name": "x"}]),
            "service.keep_security_groups",
            "has a load balancer already",
        ),
        (
            SITE,
            with_service(deployment_maximum_percent=100),
            "imports of the service arquantix-coming-soon",
            "at least 100 % and at most 100 %",
        ),
        (
            SITE,
            with_service(deployment_minimum_healthy_percent=0),
            "imports of the service arquantix-coming-soon",
            "at least 0 % and at most 200 %",
        ),
        (
            site_with(
                origin=f'protocol = "https"\ncertificate_arn = "{CERTIFICATE.replace("me-central-1", "us-east-1")}"'
            ),
            ADOPTED,
            "origin.certificate_arn",
            "in us-east-1",
        ),
        (
            site_with(origin=f'protocol = "https"\ncertificate_arn = "{CERTIFICATE.replace("123", "999")}"'),
            ADOPTED,
            "origin.certificate_arn",
            "account 999456789012",
        ),
    ],
)
def test_a_service_that_the_load_balancer_could_not_reach_is_refused(
    site: Any, adopted: Adopted, key: str, what: str
) -> None:
    """From `build` on, and not below: adopting such a service is fine."""
    assert synthesize(Variant(site, adopted), Stage.ADOPT)
    error = refused(site, adopted, Stage.BUILD)
    assert what in error.what
    assert key in error.where.removeprefix(f"{FILE}: ").split(", ")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda site: site.model_copy(update={"account": "999999999999"}), "account"),
        (
            lambda site: site.model_copy(update={"distribution": site.distribution.model_copy(update={"id": "E1"})}),
            "distribution.id",
        ),
        (lambda site: site.model_copy(update={"bucket": site.bucket.model_copy(update={"name": "b"})}), "bucket.name"),
        (
            lambda site: site.model_copy(update={"service": site.service.model_copy(update={"cluster": "c"})}),
            "service.cluster",
        ),
        (
            lambda site: site.model_copy(update={"service": site.service.model_copy(update={"name": "s"})}),
            "service.name",
        ),
    ],
)
def test_a_site_file_that_names_another_resource_than_the_adopted_is_refused(
    change: Callable[[Any], Any], key: str
) -> None:
    """Terraform would plan to replace the adopted one."""
    assert f"{FILE}: {key}" == refused(change(SITE), stage=Stage.ADOPT).where


@pytest.mark.parametrize("path", ["/api/health", "api/health"])
def test_the_probe_path_may_not_be_a_behavior_already(path: str) -> None:
    """CloudFront takes a pattern with and without its first slash for the same."""
    error = refused(adopted=with_distribution(ordered_cache_behavior=[behavior(path)]), stage=Stage.CONNECT)
    assert f"{FILE}: distribution.probe_path" == error.where


def test_the_static_path_may_not_be_a_behavior_already() -> None:
    """At `serve`, where it is added; not below."""
    adopted = with_distribution(ordered_cache_behavior=[behavior("/_next/static/*")])
    assert synthesize(Variant(adopted=adopted), Stage.CONNECT)
    assert f"{FILE}: distribution.static_path" == refused(adopted=adopted).where


def test_probe_and_static_path_may_not_be_the_same() -> None:
    """The second would never be reached."""
    site = site_with(distribution='probe_path = "/same"\nstatic_path = "/same"')
    assert "a behavior for /same already" in refused(site).what


@pytest.mark.parametrize(
    ("adopted", "what"),
    [
        (with_distribution(ordered_cache_behavior=[behavior("/a", "gone")]), "behavior /a goes to gone"),
        (
            with_distribution(ordered_cache_behavior=[behavior("/a", allowed_methods=["GET", "HEAD", "POST"])]),
            "behavior /a allows the methods GET, HEAD, POST",
        ),
        (
            with_distribution(ordered_cache_behavior=[behavior("/a", **LEGACY)]),
            "behavior /a has forwarded_values, default_ttl, max_ttl beside its cache policy",
        ),
        (
            with_distribution(origin=[S3_ORIGIN, {"origin_id": "web", "domain_name": "web.example.com"}]),
            "origin web is no S3 bucket and has no custom_origin_config",
        ),
        (
            with_distribution(
                origin=[S3_ORIGIN, {"origin_id": "w", "domain_name": "w.s3-website.me-central-1.amazonaws.com"}]
            ),
            "origin w is no S3 bucket",
        ),
        (
            with_distribution(origin=[{**S3_ORIGIN, "origin_id": f"o{n}"} for n in range(24)] + [S3_ORIGIN]),
            "26 origins with ours; CloudFront allows 25",
        ),
        (
            with_distribution(ordered_cache_behavior=[behavior(f"/{n}") for n in range(73)]),
            "76 cache behaviors with ours; CloudFront allows 75",
        ),
    ],
)
def test_a_distribution_that_cloudfront_would_refuse_is_refused_with_its_file(adopted: Adopted, what: str) -> None:
    """What isn't of the site file is in the adopted one, which a person may have edited."""
    error = refused(adopted=adopted)
    assert what in error.what
    assert DISTRIBUTION_FILE == error.where


@pytest.mark.parametrize("numbers", [{"origin": 24}, {"ordered_cache_behavior": 72}])
def test_a_full_distribution_is_accepted(numbers: dict[str, int]) -> None:
    """25 origins and 75 behaviors with ours."""
    full = {
        "origin": [S3_ORIGIN, *({**S3_ORIGIN, "origin_id": f"o{n}"} for n in range(23))],
        "ordered_cache_behavior": [behavior(f"/{n}") for n in range(72)],
    }
    assert synthesize(Variant(adopted=with_distribution(**{key: full[key] for key in numbers})), Stage.SERVE)


@pytest.mark.parametrize(
    "domain_name",
    [
        "b.s3.amazonaws.com",
        "b.s3.me-central-1.amazonaws.com",
        "b.s3-us-west-2.amazonaws.com",
        "b.s3.dualstack.eu-west-1.amazonaws.com",
        "b.c.s3.cn-north-1.amazonaws.com.cn",
    ],
)
def test_a_bucket_in_any_region_needs_no_origin_configuration(domain_name: str) -> None:
    """The endpoints of S3's user guide."""
    origins = [S3_ORIGIN, {"origin_id": "other", "domain_name": domain_name}]
    assert synthesize(Variant(adopted=with_distribution(origin=origins)), Stage.CONNECT)


def test_every_set_of_methods_that_cloudfront_knows_is_accepted() -> None:
    """Two, three or seven methods, in any order."""
    behaviors = [
        behavior(f"/{n}", allowed_methods=sorted(methods, reverse=True)) for n, methods in enumerate(limits.METHOD_SETS)
    ]
    assert synthesize(Variant(adopted=with_distribution(ordered_cache_behavior=behaviors)), Stage.SERVE)


def test_retire_is_refused_while_the_bucket_is_in_use() -> None:
    """The error names the key that asks for it."""
    adopted = replace(ADOPTED, distribution=VARIANTS["busy-distribution"].adopted.distribution)
    error = refused(adopted=adopted, stage=Stage.RETIRE)
    assert "in use by behavior /old/*, origin group failover" in error.what
    assert f'{FILE}: stage = "retire"' == error.where


def test_the_default_behavior_is_looked_at_below_serve_too() -> None:
    """At `connect` it is still the adopted one."""
    adopted = with_distribution(default_cache_behavior=[{**DEFAULT_BEHAVIOR, "target_origin_id": "gone"}])
    assert "behavior default goes to gone" in refused(adopted=adopted, stage=Stage.CONNECT).what
