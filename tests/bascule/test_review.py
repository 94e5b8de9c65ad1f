"""The review of a plan: everything in it that a person or a machine should know, and no secret."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from small_plans import (
    ALB_ORIGIN,
    BUCKET_ORIGIN,
    BUILD,
    CONNECTED,
    FORGET,
    HEALTH,
    RULE,
    SECRET,
    SERVE,
    SERVED,
    SITE,
    STAYS,
    change,
    configuration,
    distribution,
    plan,
    prior,
    read,
    review,
    review_of,
    same,
    update,
    waiver,
)

from bascule import meaning
from bascule.errors import InputError
from bascule.formats import Format
from bascule.guard import Judgement
from bascule.ladder import ALB_ORIGIN_ID, Stage
from bascule.renderers import renderer
from bascule.review import Group, Review, grouped
from bascule.rules import Outcome
from bascule.summary import Counts

TAGGED = update("aws_s3_bucket.site", {"tags": {"a": "1"}}, {"tags": {}})
"""An update that asks for a person's eyes: a tag would be lost."""


def test_a_review_says_what_a_plan_is_about() -> None:
    """Judgement, visitors, counts, and the rows that change."""
    found = review(BUILD, Stage.ADOPT, Stage.BUILD)
    assert (Judgement.SAFE, "None: CloudFront still serves the bucket", Counts(created=2)) == (
        found.judgement,
        found.visitors,
        found.counts,
    )
    assert ["aws_lb.alb", "aws_lb_target_group.app"] == [row.address for row in found.rows]
    assert not found.is_empty


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Stage.CONNECT, "adopt → connect"),
        (Stage.SERVE, "adopt → connect (a step on the way to serve; the next is planned after it)"),
    ],
)
def test_a_review_says_where_the_plan_leads(wanted: Stage, expected: str) -> None:
    """And whether another step follows."""
    assert expected == review(plan(), Stage.ADOPT, Stage.CONNECT, wanted=wanted).lead


def test_open_findings_come_with_the_blocking_ones_first() -> None:
    """Failures before what is unknown, and what is waived last."""
    found = review(SERVE, Stage.CONNECT, Stage.SERVE, waiver("methods")).open
    assert all(finding.outcome is not Outcome.PASS for finding in found)
    ranks = [(one.waiver is not None, one.severity != "block", one.outcome != "fail") for one in found]
    assert sorted(ranks) == ranks
    assert "methods" == found[-1].rule.id


def test_a_waiver_is_told_with_what_became_of_it() -> None:
    """Used, not needed, or expired; a last day still counts."""
    waivers = (
        waiver("methods", date(2026, 11, 24)),
        waiver("tag-lost"),
        waiver("origin-http", date(2026, 11, 23)),
    )
    found = review(SERVE, Stage.CONNECT, Stage.SERVE, *waivers)
    assert {"methods": "used", "tag-lost": "unused", "origin-http": "expired"} == {
        waived.waiver.rule: waived.state for waived in found.waivers
    }
    assert "origin-http" in [finding.rule.id for finding in found.open if finding.waiver is None]


@pytest.mark.parametrize("rule", ["adopted-deleted", "no-such-rule"])
def test_a_waiver_that_can_t_be_is_refused(rule: str) -> None:
    """Of a rule that doesn't exist, or that nobody may waive."""
    with pytest.raises(InputError) as error:
        review(SERVE, Stage.CONNECT, Stage.SERVE, waiver(rule))
    assert "waivers" == error.value.where


def test_ways_that_change_are_told() -> None:
    """And that of `/` where none does."""
    found = review(plan(update(SITE, distribution(origins=[BUCKET_ORIGIN]), CONNECTED), *STAYS))
    assert ["/", "/api/health"] == [way.path for way in found.ways]
    assert ["/api/health"] == [way.path for way in found.telling_ways]
    unchanged = review(plan(same(SITE, CONNECTED), *STAYS, TAGGED))
    assert [("/", False)] == [(way.path, way.changes) for way in unchanged.telling_ways]
    assert () == review(plan(TAGGED)).telling_ways


def test_behaviors_that_stay_are_told() -> None:
    """Once visitors get the application."""
    blog = {"path_pattern": "/blog", "target_origin_id": "S3-old-site"}
    found = review(plan(update(SITE, distribution("S3-old-site", blog), distribution(ALB_ORIGIN_ID, blog)), *STAYS))
    assert ("/blog → S3-old-site",) == found.kept


def test_drift_is_told_where_it_is_of_what_the_configuration_sets() -> None:
    """The rest moves by itself."""
    drifted = update("aws_lb.alb", {"idle_timeout": 60, "name": "a"}, {"idle_timeout": 30, "name": "b"})
    found = review(
        plan(
            resource_drift=[drifted], configuration=configuration(aws_lb__alb={"idle_timeout": {"constant_value": 60}})
        )
    )
    assert ("aws_lb.alb: idle_timeout: 60 → 30",) == found.drift


def test_a_plan_that_changes_nothing_is_empty() -> None:
    """Reading data or repeating what is there is no change."""
    assert review(plan(*STAYS)).is_empty
    assert not review(FORGET, Stage.ADOPT, Stage.NONE).is_empty


def test_a_plan_that_changes_an_output_alone_is_not_empty() -> None:
    """It is written into the state."""
    assert not review(plan(*STAYS, output_changes={"alb": {"actions": ["create"]}})).is_empty


def groups(address: str, before: Any, after: Any) -> list[Group]:
    """The differences of an update, grouped."""
    return grouped(meaning.differences(read(update(address, before, after)).changes[0]))


def test_a_block_that_comes_is_one_group() -> None:
    """Named by what tells it, its arguments in it; what changes by itself stands by itself."""
    (found,) = groups(SITE, {"origin": [BUCKET_ORIGIN]}, {"origin": [ALB_ORIGIN, BUCKET_ORIGIN]})
    assert (f"origin[{ALB_ORIGIN_ID}]", "added") == (found.path, found.kind)
    assert f'origin[{ALB_ORIGIN_ID}]: added (domain_name "{ALB_ORIGIN["domain_name"]}")' == str(found)
    assert 7 == len(found.differences)


def test_a_block_that_goes_is_one_group() -> None:
    """With what it told before."""
    health = {**HEALTH, "compress": True}
    (found,) = groups(SITE, {"ordered_cache_behavior": [health]}, {"ordered_cache_behavior": []})
    assert f'ordered_cache_behavior[/api/health]: removed (target_origin_id "{ALB_ORIGIN_ID}")' == str(found)


def test_a_block_that_changes_is_told_argument_by_argument() -> None:
    """It was there, and is there."""
    changed = {**BUCKET_ORIGIN, "domain_name": "x", "origin_path": "/a"}
    assert ["origin[S3-old-site].domain_name", "origin[S3-old-site].origin_path"] == [
        group.path for group in groups(SITE, {"origin": [BUCKET_ORIGIN]}, {"origin": [changed]})
    ]


def test_blocks_whose_names_begin_alike_are_two_groups() -> None:
    """`/a` isn't `/a.b`, nor `/a/*`, whatever a name holds."""
    patterns = ["/a", "/a.b", "/a[c].d", "/a/*"]
    behaviors = [{"path_pattern": pattern, "target_origin_id": "x"} for pattern in patterns]
    found = groups(SITE, {}, {"ordered_cache_behavior": behaviors})
    assert {f"ordered_cache_behavior[{pattern}]": 2 for pattern in patterns} == {
        group.path: len(group.differences) for group in found if group.kind == "added"
    }


def test_no_difference_is_lost_or_told_twice_in_groups() -> None:
    """Grouping puts together; it doesn't leave out."""
    found = meaning.differences(read(update(SITE, distribution("x", HEALTH, tags={"a": "b"}), SERVED)).changes[0])
    assert found == sorted((one for group in grouped(found) for one in group.differences), key=lambda one: one.path)
    assert [] == grouped([])


def readings(found: Review) -> Iterator[tuple[str, str]]:
    """What every format shows, as it is written and as it is read."""
    for format in Format:
        text = renderer(format)(found)
        yield f"{format}, as written", text
        yield f"{format}, without its escapes", re.sub(r"\\(.)", r"\1", html.unescape(text))
        if format is Format.JSON:
            yield "json, decoded", "\n".join(strings(json.loads(text)))


def strings(value: Any) -> Iterator[str]:
    """Every string of a JSON value, keys too."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from (key, *strings(item))
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def assert_nowhere(secret: str, found: Review) -> None:
    """No format shows the secret, as it is or as JSON writes it."""
    for name, text in readings(found):
        for form in {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}:
            assert form not in text, f"{name} shows it: …{text[max(0, text.index(form) - 80) :][:120]}…"


def leaking(secret: str) -> dict[str, dict[str, Any]]:
    """Plans in which the secret stands where it has to, and somewhere else."""
    origin = {**ALB_ORIGIN, "custom_header": [{"name": "X-Origin-Verify", "value": secret}]}
    site = distribution("S3-old-site", HEALTH, origins=[BUCKET_ORIGIN, origin], tags={"a": "b"}, comment="c")

    def with_(**more: Any) -> dict[str, Any]:
        return plan(update(SITE, site, {**site, **more}), *STAYS)

    named = {"origin_id": f"to-{secret}", "domain_name": f"{secret}.example.com"}
    secret_path = {"path_pattern": f"/{secret}/*", "target_origin_id": "S3-old-site"}
    condition = [{"http_header": [{"http_header_name": "X-Origin-Verify", "values": [secret, f"next-{secret}"]}]}]
    return {
        "its place": with_(origin=[BUCKET_ORIGIN, {**origin, "domain_name": "other.example.com"}]),
        "its place, marked by Terraform": plan(
            update(SITE, site, {**site, "origin": [BUCKET_ORIGIN]}, before_sensitive={"origin": True}), *STAYS
        ),
        "the rule": plan(update("aws_lb_listener_rule.cloudfront", RULE, {**RULE, "condition": condition}), *STAYS[:3]),
        "a tag": with_(tags={"a": "b", "secret-is": secret}),
        "a tag's name": with_(tags={"a": "b", secret: "x"}),
        "a tag that is lost": plan(update(SITE, {**site, "tags": {secret: "x"}}, site), *STAYS),
        "a comment": with_(comment=f"the secret is {secret}, don't tell"),
        "an alias": with_(aliases=[f"{secret}.example.com"]),
        "an origin's name": with_(
            origin=[BUCKET_ORIGIN, origin, named], default_cache_behavior=[{"target_origin_id": named["origin_id"]}]
        ),
        "a path": with_(ordered_cache_behavior=[HEALTH, secret_path]),
        "a path that stays": plan(
            update(
                SITE,
                distribution("S3-old-site", secret_path),
                distribution(ALB_ORIGIN_ID, secret_path, origins=site["origin"]),
            ),
            *STAYS,
        ),
        "another resource": plan(same(SITE, site), update("aws_lb.alb", {"name": "a"}, {"name": f"a-{secret}"})),
        "an address": plan(same(SITE, site), change(f'aws_lb.alb["{secret}"]', ["create"], before=None, after={})),
        "an imported id": plan(
            same(SITE, site), change("aws_x.y", ["no-op"], before={}, after={}, importing={"id": secret})
        ),
        "drift": plan(
            same(SITE, site),
            resource_drift=[update("aws_lb.alb", {"name": "a"}, {"name": secret})],
            configuration=configuration(aws_lb__alb={"name": {"constant_value": "a"}}),
        ),
        "a data source": plan(
            update("aws_lb.alb", {"name": "a"}, {"name": secret}),
            prior_state=prior(("data.aws_ssm_parameter.origin_secret", {"value": secret})),
        ),
        "a resource that isn't spoken of": plan(
            update("aws_lb.alb", {"name": "a"}, {"name": secret}), prior_state=prior((SITE, site))
        ),
    }


AWKWARD = 'q"uo\\te<b>&|`*_t-é-\U0001f98a-\n-end'
"""A secret that every format has to escape somehow."""


@pytest.mark.parametrize("secret", [SECRET, AWKWARD], ids=["hexadecimal", "awkward"])
@pytest.mark.parametrize("place", leaking(SECRET))
def test_a_secret_is_in_no_format_wherever_else_it_stands(place: str, secret: str) -> None:
    """In a tag, a comment, a path, a name: whoever wrote it there, a review doesn't spread it."""
    document = leaking(secret)[place]
    assert secret in "".join(strings(document))
    assert_nowhere(secret, review(document, Stage.CONNECT, Stage.SERVE))


def test_each_of_two_secrets_that_a_parameter_holds_is_hidden() -> None:
    """A rotation holds both in one parameter, split at the comma."""
    old, new = f"old{SECRET}", f"new{SECRET}"
    found = review_of(
        update("aws_lb.alb", {"tags": {"a": "b"}}, {"tags": {"a": old, "c": new}}),
        prior_state=prior(("data.aws_ssm_parameter.origin_secret", {"value": f"{old},{new}"})),
    )
    assert_nowhere(old, found)
    assert_nowhere(new, found)


def test_a_wholly_sensitive_set_is_hidden_in_every_format() -> None:
    """Down to its items and the names in it."""
    found = review_of(
        update(
            "aws_x.site",
            {"rules": [{"host": "public-value"}]},
            {"rules": [{"host": SECRET, "ports": [SECRET]}, {SECRET: "x"}], "name": f"{SECRET} again"},
            after_sensitive={"rules": True},
        )
    )
    assert_nowhere(SECRET, found)


def test_a_short_secret_doesn_t_blacken_everything() -> None:
    """It is masked where it stands; looked for, it would be found everywhere."""
    found = review_of(
        update("aws_x.site", {"password": "1", "name": "a1"}, {"password": "2", "name": "a2"}),
    )
    assert ['name: "a1" → "a2"', "password: (hidden) → (hidden)"] == [str(one) for one in found.rows[0].differences]
