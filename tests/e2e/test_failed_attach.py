"""An attach that never gets steady, what a second apply then does, and the rest of the way up to `retire` and back.

Shown on the real provider; that ECS would behave so is the emulator's word (a service told never to be steady).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import recording
from plan_json import comparable

from bascule import climb, demo, files, rollback, summary
from bascule.adopt import adopt
from bascule.errors import BasculeError
from bascule.ladder import Stage, reached
from bascule.plan_json import Plan
from bascule.plans import Planned
from bascule.sandbox import control
from bascule.session import Session, read_state

pytestmark = pytest.mark.faults


@dataclass
class Story:
    """What came of each chapter, in order."""

    first: str
    """The error of the apply whose attach timed out."""
    rung_after_first: Stage
    second: str
    """The error of the apply after it."""
    readopted: str
    """The error of adopting again in the middle of the move."""
    etags: list[str]
    """The distribution's ETag before the first, after the first and after the second apply."""
    steps_when_mended: list[Stage]
    """The rungs that one apply went through once the service could be steady."""
    served: Mapping[str, Any]
    retired: Mapping[str, Any]
    retiring: tuple[Mapping[str, Any], Mapping[str, Any]]
    """The plan that retired, of the JSON and of the HCL."""
    replans: list[Plan]
    """The plans right after `retire` and after the rollback from it."""
    adopted_behind_the_state: str
    """The error of adopting when the account looks untouched, but the state shows a later rung."""
    rolled_back: Mapping[str, Any]
    let_go: Mapping[str, Any]
    """What is live after a second rollback, before which somebody had tagged the load balancer."""
    told: str
    site_file: str


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Asked for `serve` at once, with a service that is never steady at first."""
    root = tmp_path_factory.mktemp("failed-attach") / "site"
    with demo.sandboxed(root, lambda line: None) as workspace:
        adopt(recording.open_session(workspace))
        path = workspace.site_file(demo.SITE)
        files.write(path, with_quick_timeout(path.read_text(encoding="utf-8")))
        demo.set_stage(workspace, Stage.SERVE)
        running = control.status(root / "sandbox")
        assert running is not None
        session = recording.open_session(workspace)
        etags = [etag(session)]
        before = recording.live(session)

        control.configure(running, never_steady=[session.site.service.name])
        first = refusal(session)
        rung_after_first = reached(read_state(session))
        etags.append(etag(session))
        second = refusal(session)
        etags.append(etag(session))
        with pytest.raises(BasculeError) as readopting:
            adopt(session)

        control.configure(running, never_steady=[])
        recording.let_deployment_finish(session)
        steps: list[Stage] = []
        climb.climb(session, lambda planned: steps.append(planned.step.stage) is None)
        served = recording.live(session)

        demo.set_stage(workspace, Stage.RETIRE)
        session = recording.open_session(workspace)
        retiring = []

        def both(planned: Planned) -> bool:
            retiring.extend([planned.plan.document, recording.plan_of_hcl(session, root / "hcl")])
            return True

        climb.climb(session, both)
        retired = recording.live(session)
        replans = [recording.replan(session)]
        told = rollback.roll_back(session, lambda planned: True).told
        rolled_back = recording.live(session)
        session = recording.open_session(workspace)
        replans.append(recording.replan(session))

        demo.set_stage(workspace, Stage.SERVE)
        session = recording.open_session(workspace)
        climb.climb(session, lambda planned: True)
        (balancer,) = recording.live(session)["load_balancers"]
        tags = [{"Key": "CostCenter", "Value": "42"}]
        session.clients("elbv2").add_tags(ResourceArns=[balancer["LoadBalancerArn"]], Tags=tags)
        rollback.roll_back(session, lambda planned: True)
        let_go = recording.live(session)

        by_hand(session, before)
        with pytest.raises(BasculeError) as behind:
            adopt(session)
        site_file = workspace.site_file(demo.SITE).read_text(encoding="utf-8")
    return Story(
        first,
        rung_after_first,
        second,
        str(readopting.value),
        etags,
        steps,
        served,
        retired,
        (retiring[0], retiring[1]),
        replans,
        str(behind.value),
        rolled_back,
        let_go,
        told,
        site_file,
    )


def test_an_attach_that_times_out_fails_the_apply(story: Story) -> None:
    """Terraform gives up after the site's own time limit and says what it waited for."""
    assert "aws_ecs_service.site" in story.first
    assert "timeout" in story.first


def test_a_failed_attach_leaves_a_state_that_says_attached(story: Story) -> None:
    """The trace of the rung is in the state, though no target is healthy: why the account has to be looked at."""
    assert Stage.ATTACH is story.rung_after_first


def test_applying_again_is_refused_with_what_was_seen(story: Story) -> None:
    """The second apply names the gate that fails and what it saw."""
    assert "not going to connect: the account isn't ready" in story.second
    assert "FAIL  deployment finished" in story.second


def test_cloudfront_is_untouched_by_both(story: Story) -> None:
    """Neither the failed apply nor the one after it sent CloudFront an update."""
    assert 1 == len(set(story.etags))


def test_adopting_in_the_middle_of_the_move_is_refused(story: Story) -> None:
    """It would overwrite what the way back is made of."""
    assert "the move is under way" in story.readopted


def test_once_mended_one_apply_goes_to_connect_and_then_to_serve(story: Story) -> None:
    """Asked for `serve` at once, the command makes two applies, with the gates between."""
    assert [Stage.CONNECT, Stage.SERVE] == story.steps_when_mended
    assert "bascule-alb" == story.served["distribution"]["DefaultCacheBehavior"]["TargetOriginId"]


def test_retire_drops_the_bucket_s_origin(story: Story) -> None:
    """At `retire` the ALB is the only origin; the bucket is still there."""
    assert ["bascule-alb"] == [origin["Id"] for origin in story.retired["distribution"]["Origins"]["Items"]]
    assert "Coming soon" in story.retired["page"]


def test_retire_is_planned_the_same_from_the_hcl(story: Story) -> None:
    """The rung that the walk leaves out plans the same from JSON and HCL, too."""
    of_json, of_hcl = story.retiring
    assert comparable(of_json) == comparable(of_hcl)


def test_the_plans_after_retire_and_after_the_rollback_are_empty(story: Story) -> None:
    """Nothing is left to do after either."""
    assert [True, True] == [summary.is_empty(plan) for plan in story.replans]


def test_adopting_is_refused_while_the_state_shows_a_later_rung(story: Story) -> None:
    """Even if somebody has put the account back by hand."""
    assert "the rung reached is attach" in story.adopted_behind_the_state


def test_rollback_from_retire_brings_the_bucket_back_in_one_apply(story: Story) -> None:
    """Straight to `connect`: the bucket is the default origin again, as it was adopted."""
    config = story.rolled_back["distribution"]
    assert "S3-arquantix-coming-soon-dev" == config["DefaultCacheBehavior"]["TargetOriginId"]
    assert "index.html" == config["DefaultRootObject"]


def test_a_changed_load_balancer_does_not_stop_a_rollback(story: Story) -> None:
    """A plan that targets the distribution takes along the load balancer that its origin refers to; where that has
    drifted, CloudFront lets go of it, and the distribution is as it was adopted."""
    config = story.let_go["distribution"]
    assert ["S3-arquantix-coming-soon-dev"] == [origin["Id"] for origin in config["Origins"]["Items"]]
    assert story.rolled_back["distribution"]["DefaultCacheBehavior"] == config["DefaultCacheBehavior"]
    assert 1 == len(story.let_go["load_balancers"])


def test_rollback_says_what_to_commit_and_changes_one_line_of_the_site_file(story: Story) -> None:
    """Only the `stage` line differs from the demo's own site file."""
    assert "git commit" in story.told
    committed = demo.SITE_FILE.read_text(encoding="utf-8")
    assert with_quick_timeout(committed).replace('stage = "adopt"', 'stage = "connect"') == story.site_file


def with_quick_timeout(text: str) -> str:
    """The site file's text, waiting one minute for the service: the least that it allows."""
    return text.replace("container_port = 3000\n", "container_port = 3000\nsteady_state_timeout = 1\n")


def by_hand(session: Session, before: Mapping[str, Any]) -> None:
    """Put the service and the distribution back as they were, behind Terraform's back."""
    site = session.site
    session.clients("ecs").update_service(
        cluster=site.service.cluster,
        service=site.service.name,
        loadBalancers=[],
        networkConfiguration=before["service"]["networkConfiguration"],
    )
    cloudfront = session.clients("cloudfront")
    cloudfront.update_distribution(
        Id=site.distribution.id, IfMatch=etag(session), DistributionConfig=before["distribution"]
    )


def refusal(session: Session) -> str:
    """Apply what the site file asks for, and return the error that it has to end in."""
    with pytest.raises(BasculeError) as caught:
        climb.climb(session, lambda planned: True)
    return str(caught.value)


def etag(session: Session) -> str:
    found: str = session.clients("cloudfront").get_distribution_config(Id=session.site.distribution.id)["ETag"]
    return found
