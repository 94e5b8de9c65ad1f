"""AWS having bad days on the way up: calls that are throttled, fail or get no answer, targets that don't get healthy, a
distribution that stays in progress.

What passes is ridden out; what doesn't ends the command with a message, and once it is over the next run goes on. That
AWS fails so is the sandbox's doing; how that is met is botocore's, the provider's and bascule's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import killing
import pytest
import recording
from killing import Ended
from prober import Prober, probing

from bascule import cutover, demo, files, waiting
from bascule.adopt import adopt
from bascule.gates import NotReady
from bascule.observe import visitors_go_to
from bascule.sandbox import control
from bascule.session import Session

pytestmark = pytest.mark.faults

BUCKET, BALANCER = "S3-arquantix-coming-soon-dev", "bascule-alb"

FOR_EVER = 1_000_000


def fault(operation: str, code: str, status: int = 400, times: int = 1) -> dict[str, Any]:
    return {"operation": operation, "code": code, "status": status, "times": times}


BUILDING = (
    fault("GetCallerIdentity", "Throttling", 400, 2),
    fault("GetDistribution", "ServiceUnavailable", 503, 2),
    fault("DescribeServices", "silence", times=2),
    fault("GetParameter", "ThrottlingException", 400, 2),
    fault("CreateSecurityGroup", "RequestLimitExceeded", 503, 3),
    fault("AuthorizeSecurityGroupIngress", "InternalError", 500, 2),
    fault("CreateLoadBalancer", "InternalFailure", 500, 2),
    fault("CreateListener", "silence", times=2),
    fault("CreateRule", "ServiceUnavailable", 503, 2),
)
"""What meets bascule and Terraform on the way to `build`: two of three tries of bascule's own."""

CONNECTING = (
    fault("DescribeTargetHealth", "InternalFailure", 500, 2),
    fault("GetDistributionConfig", "silence", times=2),
    fault("UpdateDistribution", "ServiceUnavailable", 503, 2),
    fault("ModifyLoadBalancerAttributes", "Throttling", 400, 2),
)
"""And on to `connect`."""

SERVING = (
    fault("UpdateDistribution", "Throttling", 400, 3),
    fault("GetDistribution", "silence", times=2),
    fault("CreateInvalidation", "ServiceUnavailable", 503, 2),
    fault("GetInvalidation", "Throttling", 400, 2),
)
"""And on to `serve`, and to its verification."""


@dataclass(frozen=True)
class Told:
    """How a command ended, what was left of the faults that it met, and what had become of the distribution."""

    ended: Ended
    left: Sequence[Mapping[str, Any]]
    visitors: str
    etag: str


@dataclass
class Story:
    """The commands by what they met."""

    prober: Prober
    commands: dict[str, Told] = field(default_factory=dict)
    etag: str = ""
    """The distribution's before all."""
    stuck: str = ""
    """The error of the command that found the distribution in progress for ever."""
    stuck_visitors: str = ""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Up the ladder, each rung in a weather of its own."""
    root = tmp_path_factory.mktemp("faults-of-aws") / "site"
    with demo.sandboxed(root, lambda line: None) as workspace:
        running = control.status(root / "sandbox")
        assert running is not None
        path = workspace.site_file(demo.SITE)
        files.write(path, with_quick_timeout(path.read_text(encoding="utf-8")))
        session = recording.open_session(workspace)
        service = session.site.service.name
        adopt(session)
        with probing(running.endpoint) as prober:
            told = Story(prober, etag=etag(session))

            def run(name: str, *arguments: str, meets: Sequence[Mapping[str, Any]] = ()) -> None:
                control.configure(running, faults=list(meets))
                ended = killing.run(workspace, running, *arguments)
                told.commands[name] = Told(
                    ended,
                    ended.switches["faults"],
                    visitors_go_to(session.clients, session.site),
                    etag(session),
                )

            deaf = [fault("GetDistribution", "ServiceUnavailable", 503, FOR_EVER)]
            run("unread", "cutover", "--yes", "--to", "build", meets=deaf)
            refusing = [fault("CreateSecurityGroup", "SecurityGroupLimitExceeded", 400, FOR_EVER)]
            run("unmade", "cutover", "--yes", "--to", "build", meets=refusing)
            run("built", "cutover", "--yes", "--to", "build", meets=BUILDING)
            control.configure(running, unhealthy=[service])
            run("unhealthy", "cutover", "--yes", "--to", "connect")
            run("still unhealthy", "cutover", "--yes", "--to", "connect")
            control.configure(running, unhealthy=[])
            run("connected", "cutover", "--yes", "--to", "connect", meets=CONNECTING)

            control.configure(running, undeployed=True)
            by_somebody_else(session)
            with pytest.raises(NotReady) as stuck:
                cutover.cut_over(hurried(recording.open_session(workspace)), lambda planned: True)
            told.stuck = str(stuck.value)
            told.stuck_visitors = visitors_go_to(session.clients, session.site)
            control.configure(running, undeployed=False)
            run("served", "cutover", "--yes", meets=SERVING)
    return told


def with_quick_timeout(text: str) -> str:
    """The site file's text, waiting one minute for the service: the least that it allows."""
    return text.replace("container_port = 3000\n", "container_port = 3000\nsteady_state_timeout = 1\n")


def etag(session: Session) -> str:
    found: str = session.clients("cloudfront").get_distribution_config(Id=session.site.distribution.id)["ETag"]
    return found


def by_somebody_else(session: Session) -> None:
    """The distribution is updated in the console, by what it is already."""
    cloudfront, id_ = session.clients("cloudfront"), session.site.distribution.id
    found = cloudfront.get_distribution_config(Id=id_)
    cloudfront.update_distribution(Id=id_, IfMatch=found["ETag"], DistributionConfig=found["DistributionConfig"])


def hurried(session: Session) -> Session:
    """The same session, by a clock on which waiting takes no time."""
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    return replace(session, wait=partial(waiting.wait, clock=lambda: now, sleep=sleep))


FAILED = ("unread", "unmade", "unhealthy", "still unhealthy")


@pytest.mark.parametrize("name", ["built", "connected", "served"])
def test_what_passes_is_ridden_out(story: Story, name: str) -> None:
    """Calls of bascule's and of Terraform's that were throttled, failed, or got no answer; each of them was met."""
    told = story.commands[name]
    assert 0 == told.ended.code, told.ended.printed
    assert [] == [fault for fault in told.left if fault["times"]]


@pytest.mark.parametrize("name", FAILED)
def test_what_does_not_pass_ends_in_a_message(story: Story, name: str) -> None:
    """With what to do, and no traceback."""
    told = story.commands[name]
    assert 1 == told.ended.code, told.ended.printed
    assert "\nbascule: " in told.ended.printed
    assert "\n  remedy: " in told.ended.printed
    assert "Traceback" not in told.ended.printed


@pytest.mark.parametrize(
    ("name", "operation", "by", "times"),
    [("unread", "GetDistribution", "bascule", 3), ("unmade", "CreateSecurityGroup", "terraform", 2)],
)
def test_a_fault_that_stays_is_met_as_often_as_an_sdk_tries(
    story: Story, name: str, operation: str, by: str, times: int
) -> None:
    """A call that fails is made three times by bascule; one that is refused, once by Terraform for each of two groups.
    (What fails for ever Terraform tries for hours: 25 times, with pauses that grow to five minutes.)"""
    calls = [call for call in story.commands[name].ended.calls if (call.operation, call.by) == (operation, by)]
    assert times == len([call for call in calls if call.status >= 400]) == len(calls)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("unread", "GetDistribution: ServiceUnavailable"),
        ("unmade", "CreateSecurityGroup"),
        ("unmade", "SecurityGroupLimitExceeded"),
        ("unhealthy", "aws_ecs_service.site"),
        ("unhealthy", "timeout"),
        ("still unhealthy", "FAIL  targets healthy: 0 of 1 healthy, 1 wanted"),
        ("still unhealthy", "unhealthy Target.FailedHealthChecks"),
        ("still unhealthy", "given up after"),
    ],
)
def test_the_message_says_what_it_was(story: Story, name: str, said: str) -> None:
    printed = story.commands[name].ended.printed
    assert said in printed[printed.index("\nbascule: ") :]


@pytest.mark.parametrize("name", FAILED)
def test_cloudfront_is_not_moved_meanwhile(story: Story, name: str) -> None:
    """Not by one update, whatever failed."""
    assert (BUCKET, story.etag) == (story.commands[name].visitors, story.commands[name].etag)


def test_a_distribution_that_stays_in_progress_is_given_up(story: Story) -> None:
    """After its 35 minutes, which went by at once; no visitor is sent anywhere else."""
    assert "not going to serve: the account isn't ready" in story.stuck
    assert "FAIL  distribution deployed: status InProgress; given up after 2100 s" in story.stuck
    assert "remedy:" in story.stuck
    assert BUCKET == story.stuck_visitors


def test_the_next_run_goes_on(story: Story) -> None:
    """To the end, once it is all over; what was made the first time isn't made again."""
    assert BALANCER == story.commands["served"].visitors
    assert "arquantix is at serve, and visitors get the application" in story.commands["served"].ended.printed
    made = [call.operation for told in story.commands.values() for call in told.ended.calls if call.status < 300]
    assert [1, 1, 2] == [made.count(f"Create{what}") for what in ("LoadBalancer", "TargetGroup", "SecurityGroup")]


def test_no_visitor_was_left_without_a_good_answer(
    story: Story, record_property: Callable[[str, object], None]
) -> None:
    """Asked ten times a second, throughout."""
    prober = story.prober
    met = sum(call.status >= 400 for told in story.commands.values() for call in told.ended.calls)
    record_property("faults of AWS: requests asked, failed", f"{prober.asked}, {prober.failed}")
    record_property("faults of AWS: calls refused or failed", met)
    assert [] == prober.failures
    assert prober.asked > 1000
