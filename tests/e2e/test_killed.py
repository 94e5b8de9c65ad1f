"""The whole ladder, up and down, by commands that are killed in the midst of each step, and only then run again.

SIGKILL reaches bascule, Terraform and the provider at once, at a moment that is seen from outside: an AWS call that was
answered, a lock that is held. What is resumed goes on into the next step, where it is killed in turn. Shown on real
Terraform, its S3 backend's lock and the real provider; what AWS does is the emulator's, what its edge does the
sandbox's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import killing
import pytest
import recording
from killing import STILL, Ended, Moment, throttled
from prober import Prober, probing

from bascule import demo, distribution, plans, summary
from bascule.adopt import adopt
from bascule.ladder import Stage, reached
from bascule.observe import visitors_go_to
from bascule.plan_json import Plan
from bascule.sandbox import control
from bascule.session import Session, read_state

pytestmark = pytest.mark.faults

BUCKET, BALANCER = "S3-arquantix-coming-soon-dev", "bascule-alb"

BUILD, SERVE = ("cutover", "--yes", "--to", "build"), ("cutover", "--yes")
BACK, DOWN = ("rollback", "--yes"), ("apply", "--yes")

NOTHING_LEFT = "nothing is left to do, but the state doesn't say so yet"
"""What is said where a killed run had done all of a step."""


@dataclass(frozen=True)
class Run:
    """One command on the way."""

    name: str
    """What it is in the midst of when it is killed; where it isn't, what it has done."""
    command: tuple[str, ...]
    kill: Moment | None = None
    """When it is killed; None where it comes to its end."""
    finishes: str = ""
    """What it says of the step in which the run before it was killed."""


UNREAD = throttled("ListTagsForResource")
"""What Terraform asks once it has updated a distribution: without an answer it goes no further, and saves nothing."""

UP = (
    Run("adopting", BUILD, Moment("apply begun", to="adopt")),
    Run("creating the load balancer", BUILD, Moment("apply begun", "CreateLoadBalancer", "build"), "at adopt"),
    Run(
        "creating the listener",
        BUILD,
        Moment("apply begun", "CreateListener", "build", throttled("CreateRule")),
        "an apply was killed; it is imported",
    ),
    Run("built", BUILD, finishes="at build"),
    Run("attaching", SERVE, Moment("apply begun", "UpdateService", "attach", STILL)),
    Run("connecting", SERVE, Moment("apply begun", "UpdateDistribution", "connect", UNREAD), NOTHING_LEFT),
    Run("switching", SERVE, Moment("apply begun", "UpdateDistribution", "serve", UNREAD), "at connect"),
    Run("about to verify", SERVE, Moment("invalidate begun", "CreateInvalidation", hold=STILL), NOTHING_LEFT),
    Run("served", SERVE, finishes="arquantix is at serve, and visitors get the application"),
)
"""To `serve`."""

BACKWARDS = (
    Run("switching back", BACK, Moment("rollback begun", "UpdateDistribution", "connect", UNREAD)),
    Run("rolled back", BACK, finishes="home: / is the bucket's old page"),
)

DOWNWARDS = (
    Run("letting go", DOWN, Moment("apply begun", "UpdateDistribution", "attach", UNREAD), NOTHING_LEFT),
    Run("detaching", DOWN, Moment("apply begun", "UpdateService", "build", STILL), "at attach"),
    Run(
        "destroying",
        DOWN,
        Moment("apply begun", "DeleteLoadBalancer", "adopt", throttled("DeleteSecurityGroup")),
        NOTHING_LEFT,
    ),
    Run("forgotten", DOWN, finishes="at adopt"),
)
"""From `connect` to `none`."""

RUNS = (*UP, *BACKWARDS, *DOWNWARDS)
KILLED = [run for run in RUNS if run.kill is not None]


@dataclass(frozen=True)
class There:
    """What there is at one end of the ladder."""

    rung: Stage
    """By the state."""
    visitors: str
    """The origin that they are sent to."""
    replan: Plan
    live: Mapping[str, Any]
    target_groups: int
    listeners: int
    rules: int
    """Beside the listener's default."""


@dataclass
class Story:
    """What the runs did, by name, and what there was before, at the top, and in the end."""

    before: Mapping[str, Any]
    prober: Prober
    runs: dict[str, Ended] = field(default_factory=dict)
    top: There | None = None
    bottom: There | None = None


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One ladder in one sandbox; whoever is killed is run again."""
    root = tmp_path_factory.mktemp("killed") / "site"
    with demo.sandboxed(root, lambda line: None) as workspace:
        running = control.status(root / "sandbox")
        assert running is not None
        session = recording.open_session(workspace)
        before = recording.live(session)
        adopt(session)
        with probing(running.endpoint) as prober:
            told = Story(before, prober)

            def go(runs: tuple[Run, ...]) -> None:
                for run in runs:
                    ended = killing.run(workspace, running, *run.command, kill=run.kill)
                    told.runs[run.name] = ended
                    assert ended.in_the_midst or run.kill is None, f"{run.name}: never came to it\n{ended.printed}"

            go(UP)
            told.top = there(session, Stage.SERVE)
            go(BACKWARDS)
            demo.set_stage(workspace, Stage.NONE)
            go(DOWNWARDS)
            told.bottom = there(session, Stage.NONE)
    return told


def there(session: Session, stage: Stage) -> There:
    """What there is, the next plan included."""
    elbv2 = session.clients("elbv2")
    listeners = [
        listener
        for balancer in elbv2.describe_load_balancers()["LoadBalancers"]
        for listener in elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    ]
    rules = [
        rule
        for listener in listeners
        for rule in elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        if not rule["IsDefault"]
    ]
    return There(
        reached(read_state(session)),
        visitors_go_to(session.clients, session.site),
        plans.preview(session, stage).plan,
        recording.live(session),
        len(elbv2.describe_target_groups()["TargetGroups"]),
        len(listeners),
        len(rules),
    )


def settings(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a service is told; subnets are a set."""
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    told = {name: service.get(name) for name in ("loadBalancers", "taskDefinition", "desiredCount")}
    return told | {"network": network | {"subnets": sorted(network["subnets"])}}


@pytest.mark.parametrize("run", KILLED, ids=lambda run: run.name)
def test_each_is_killed_in_the_midst(story: Story, run: Run) -> None:
    """By SIGKILL, before it can say or write anything more: the journal's last `begun` has no end."""
    ended = story.runs[run.name]
    assert -9 == ended.code
    assert [entry.event for entry in ended.entries if "begun" in entry.event or "done" in entry.event][-1].endswith(
        "begun"
    )


@pytest.mark.parametrize("run", [run for run in RUNS if run.finishes], ids=lambda run: run.name)
def test_the_next_run_finishes_the_step(story: Story, run: Run) -> None:
    assert run.finishes in story.runs[run.name].printed


@pytest.mark.parametrize("name", ["built", "served", "rolled back", "forgotten"])
def test_who_is_let_alone_comes_to_its_end(story: Story, name: str) -> None:
    assert 0 == story.runs[name].code, story.runs[name].printed


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_a_lock_whose_holder_is_dead_is_released(story: Story, run: Run) -> None:
    """That is said; where nobody was killed with a lock, none is."""
    before = RUNS[RUNS.index(run) - 1] if run is not RUNS[0] else None
    held = before is not None and before.kill is not None and before.name != "about to verify"
    printed = story.runs[run.name].printed
    assert held is ("released the lock" in printed)
    assert held is ("its holder, is dead" in printed)


def test_what_was_made_and_not_recorded_is_imported(story: Story) -> None:
    """It is found by its name, and made once only."""
    made = [call.operation for ended in story.runs.values() for call in ended.calls if call.status < 300]
    for operation in ("CreateLoadBalancer", "CreateTargetGroup", "CreateListener", "CreateRule"):
        assert 1 == made.count(operation), operation
    assert 2 == made.count("CreateSecurityGroup")
    assert "aws_lb.alb is there (arn:aws:elasticloadbalancing:" in story.runs["creating the listener"].printed
    assert "aws_lb_listener.alb is there (arn:aws:elasticloadbalancing:" in story.runs["built"].printed


def test_nothing_is_there_twice(story: Story) -> None:
    """At the top: one load balancer, target group, listener and rule, a security group for each side, one target."""
    top = story.top
    assert top is not None
    assert (1, 1, 1, 1) == (len(top.live["load_balancers"]), top.target_groups, top.listeners, top.rules)
    assert 2 == len(set(top.live["security_groups"]) - set(story.before["security_groups"]))
    assert 2 == len(top.live["security_groups"]) - len(story.before["security_groups"])
    assert ["healthy"] == [target["TargetHealth"]["State"] for target in top.live["targets"]]
    assert [BUCKET, BALANCER] == sorted(
        (origin["Id"] for origin in top.live["distribution"]["Origins"]["Items"]), key=lambda id_: id_ == BALANCER
    )


def test_in_the_end_everything_is_as_it_was(story: Story) -> None:
    """Nothing of ours is left, and the distribution is what it was before the first run."""
    bottom = story.bottom
    assert bottom is not None
    assert ([], 0) == (bottom.live["load_balancers"], bottom.target_groups)
    configs = [distribution.from_api(live["distribution"]) for live in (story.before, bottom.live)]
    assert configs[0] == configs[1]
    for same in ("distribution_tags", "page", "security_groups", "targets"):
        assert story.before[same] == bottom.live[same]
    assert settings(story.before["service"]) == settings(bottom.live["service"])


def test_state_and_account_agree_at_either_end(story: Story) -> None:
    """The rung is reached, visitors are where it says, and the next plan has nothing to do."""
    assert story.top is not None
    assert story.bottom is not None
    assert (Stage.SERVE, BALANCER) == (story.top.rung, story.top.visitors)
    assert (Stage.NONE, BUCKET) == (story.bottom.rung, story.bottom.visitors)
    assert [[], []] == [summary.differences(end.replan) for end in (story.top, story.bottom)]
    assert summary.is_empty(story.top.replan)
    assert summary.is_empty(story.bottom.replan)


def test_no_visitor_was_left_without_a_good_answer(
    story: Story, record_property: Callable[[str, object], None]
) -> None:
    """Asked ten times a second, from before the first run was killed until after the last."""
    prober = story.prober
    record_property("ladder, killed up and down: requests asked, failed", f"{prober.asked}, {prober.failed}")
    record_property("ladder, killed up and down: runs, killed", f"{len(RUNS)}, {len(KILLED)}")
    assert [] == prober.failures
    assert prober.asked > 1000
