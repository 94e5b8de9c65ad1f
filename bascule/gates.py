"""What has to be observed in the account before the next rung: pure verdicts over what AWS and the site answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bascule import distribution
from bascule.errors import BasculeError
from bascule.formats import Expect
from bascule.inventory import Unread
from bascule.ladder import ALB_ORIGIN_ID
from bascule.outcomes import Outcome, Result

Answer = Mapping[str, Any]
"""A structure out of an AWS answer, in the API's own vocabulary."""

ZONES = 2
"""Zones that targets have to be in, where there are tasks enough: what an ALB itself asks for (ELB API,
CreateLoadBalancer: "subnets from at least two Availability Zones")."""


@dataclass(frozen=True)
class Verdict:
    """One observation: whether the gate holds, what was seen, and whether waiting may help."""

    gate: str
    outcome: Outcome
    """PASS, FAIL, or UNKNOWN where it couldn't be seen: that doesn't pass either."""
    seen: str
    remedy: str = ""
    """What to do about it, where that is known; empty where it passed."""
    may_change: bool = False
    """Whether it may hold by itself in a while. What only a person can change isn't waited for."""
    unanswered: bool = False
    """Whether it says that who is sent to the load balancer gets no answer of the application."""

    @property
    def passed(self) -> bool:
        """Whether the gate holds. Unknown is no pass."""
        return self.outcome is Outcome.PASS

    def __str__(self) -> str:
        word = self.outcome.value if self.passed else self.outcome.value.upper()
        return f"{word}  {self.gate}: {self.seen}"


ALB_ACTIVE = "ALB active"
DEPLOYMENT = "deployment finished"
TARGETS = "targets healthy"
DEPLOYED = "distribution deployed"
CONNECTED = "CloudFront knows the ALB"
RELEASED = "CloudFront let go of the ALB"
EXPRESSIBLE = "nothing that Terraform would reset"
PROBE = "application answers"
CLOSED = "ALB closed from outside"
"""The gates by name."""


def load_balancer_active(load_balancer: Answer) -> Verdict:
    """The ALB's state is `active`. `provisioning` and `active_impaired` (it routes, and lacks what it needs to scale)
    may become that, `failed` doesn't (ELB API, LoadBalancerState)."""
    code = load_balancer["State"]["Code"]
    return _held(
        ALB_ACTIVE,
        code == "active",
        f"{load_balancer['LoadBalancerName']} is {code}",
        may_change=code != "failed",
    )


def service_attached(service: Answer, target_group_arn: str) -> Verdict:
    """One deployment, PRIMARY and COMPLETED, and our target group on the service.

    A circuit-breaker rollback also ends in one completed deployment, with the old configuration: that is why the
    target group is looked for (hashicorp/terraform-provider-aws issue 20858). No deployment ever brings it back, and
    one that FAILED launches no more tasks (ECS API, Deployment); neither is waited for. ECS tells the state of rolling
    updates alone (the same page): without it, nothing is known.
    """
    deployments = service["deployments"]
    primary = [d for d in deployments if d["status"] == "PRIMARY"]
    rollout = primary[0].get("rolloutState") if len(primary) == 1 else None
    attached = target_group_arn in {balancer.get("targetGroupArn") for balancer in service.get("loadBalancers", ())}
    rollouts = ", ".join(f"{d['status']} {d.get('rolloutState', 'of unknown state')}" for d in deployments)
    seen = f"{rollouts or 'no deployment'}; {'with' if attached else 'WITHOUT'} our target group"
    runs = service.get("status", "ACTIVE") == "ACTIVE"
    if not runs:
        seen = f"the service is {service['status']}; {seen}"
    if runs and attached and primary and rollout is None:
        remedy = "bascule moves services of rolling updates (deployment controller ECS): see what this one's is"
        return Verdict(DEPLOYMENT, Outcome.UNKNOWN, seen, remedy)
    return _held(
        DEPLOYMENT,
        runs and attached and rollout == "COMPLETED" and len(deployments) == 1,
        seen,
        "the service's events say why its tasks don't come up: `aws ecs describe-services`",
        may_change=runs and attached and rollout in ("IN_PROGRESS", "COMPLETED"),
    )


def targets_healthy(targets: Sequence[Answer], desired: int) -> Verdict:
    """Every registered target is healthy, there are as many as the service wants tasks, at least one, and they are in
    two zones, or in as many as there are tasks.

    The zone of a task's address is found by ELB itself (ELB API, TargetDescription: "automatically detected" for an IP
    address in the VPC). What no listener or zone of the load balancer leads to stays `unused`, however long one waits
    (ELB API, TargetHealth); that too many tasks are in one zone, ECS may mend (ECS developer guide, Availability Zone
    rebalancing).
    """
    healthy = [target["Target"].get("AvailabilityZone") for target in targets if _state(target) == "healthy"]
    zones = sorted({zone for zone in healthy if zone not in UNTOLD})
    needed = min(ZONES, max(desired, 1))
    counted = len(healthy) == len(targets) and len(healthy) >= max(desired, 1)
    spread = needed == 1 or len(zones) >= needed
    seen = f"{len(healthy)} of {len(targets)} healthy, {desired} wanted, {_places(zones, desired)}{_why(targets)}"
    if counted and not spread and any(zone in UNTOLD for zone in healthy):
        remedy = "ELB doesn't tell every target's zone: see where the tasks are by `aws ecs describe-tasks`"
        return Verdict(TARGETS, Outcome.UNKNOWN, seen, remedy)
    stays = desired < 1 or any(target["TargetHealth"].get("Reason") in STAYS for target in targets)
    held = _held(TARGETS, counted and spread, seen, _cure(desired, counted), may_change=not stays)
    return replace(held, unanswered=not healthy)


UNTOLD = (None, "all")
"""What stands for a target's zone where ELB doesn't tell one (ELB API, TargetDescription)."""

STAYS = ("Target.NotInUse", "Target.IpUnusable")
"""Reasons of a target's state that time doesn't mend: no listener or zone leads to it, its address is the load
balancer's (ELB API, TargetHealth)."""


def _state(target: Answer) -> str:
    return str(target["TargetHealth"]["State"])


def _places(zones: Sequence[str], desired: int) -> str:
    told = f"in {len(zones)} {'zone' if len(zones) == 1 else 'zones'}" if zones else "zones not told"
    return f"{told}, all that 1 task can be in" if desired == 1 and zones else told


def _why(targets: Sequence[Answer]) -> str:
    """State and reason of each target that isn't healthy."""
    found = sorted(
        {f"{_state(t)} {t['TargetHealth'].get('Reason') or ''}".strip() for t in targets if _state(t) != "healthy"}
    )
    return f" ({', '.join(found)})" if found else ""


def _cure(desired: int, counted: bool) -> str:
    if desired < 1:
        return "the service wants no task: raise its desired count"
    if counted:
        return f"give the service subnets in {ZONES} zones"
    return "ask the health check's path of a task: see [health_check], and the application's logs"


def distribution_deployed(answer: Answer, expect: Expect | None = None) -> Verdict:
    """Every edge has the distribution's latest config: `Deployed`. `InProgress`, the other status, becomes that
    (CloudFront API, Distribution).

    With `expect` it is the config that sends visitors there: an answer from before an update that was just made is also
    `Deployed`.
    """
    status, seen = answer["Status"], f"status {answer['Status']}"
    leads = None if expect is None else expect is Expect.APPLICATION
    if leads not in (None, distribution.to_load_balancer(answer["DistributionConfig"])):
        return Verdict(DEPLOYED, Outcome.FAIL, f"{seen}, of a config that sends visitors elsewhere", may_change=True)
    return _held(DEPLOYED, status == "Deployed", seen, may_change=True)


def visitors_refused(before: Verdict, seen: str) -> Verdict:
    """Visitors are answered with errors, again and again, while edges are still getting the config: that is not waited
    for. `before` is the verdict on the distribution."""
    remedy = "see what the application, its targets and the load balancer's listener say to /"
    told = f"{before.seen}; / is {seen}, again and again"
    return Verdict(before.gate, Outcome.FAIL, told, remedy, unanswered=True)


def distribution_released(config: Answer) -> Verdict:
    """No origin of the distribution is our ALB any more."""
    origins = [origin["Id"] for origin in config["Origins"]["Items"]]
    return _held(RELEASED, ALB_ORIGIN_ID not in origins, f"origins {', '.join(origins)}")


def distribution_connected(config: Answer, probe_path: str) -> Verdict:
    """The live config has our origin, and the probe path goes to it: a failed update leaves a state that says so."""
    origins = [origin["Id"] for origin in config["Origins"]["Items"]]
    probes = [b["TargetOriginId"] for b in config["CacheBehaviors"].get("Items", ()) if b["PathPattern"] == probe_path]
    seen = f"origins {', '.join(origins)}; {probe_path} → {', '.join(probes) or 'the default behavior'}"
    return _held(CONNECTED, ALB_ORIGIN_ID in origins and probes == [ALB_ORIGIN_ID], seen)


def distribution_expressible(config: Answer) -> Verdict:
    """Nothing in the live config is beyond the provider: its next update would reset that, with no diff in the plan."""
    leftover = distribution.from_api(config).leftover
    return _held(EXPRESSIBLE, not leftover, ", ".join(sorted(leftover)) or "nothing found")


def application_answers(probed: Result, deployed: bool) -> Verdict:
    """The application answers the probe path through CloudFront: its own 404 will do, since it is the application's.

    `probed` is what `verify.requests.probe` found. An answer that an error page of CloudFront stands in for is unknown;
    until the distribution is `deployed` it may be that of the config before. Who else answers may yet be the
    application: a load balancer that has just no healthy target, an error that is cached for 10 s (CloudFront developer
    guide, error caching minimum TTL).
    """
    if probed.outcome in (Outcome.PASS, Outcome.WARN):
        return Verdict(PROBE, Outcome.PASS, probed.evidence)
    if probed.outcome is Outcome.FAIL:
        return Verdict(PROBE, Outcome.FAIL, probed.evidence, probed.remedy, may_change=True, unanswered=True)
    remedy = f"{probed.remedy}; or say a probe_path whose answer none masks"
    return Verdict(PROBE, Outcome.UNKNOWN, probed.evidence, remedy, may_change=not deployed)


def application_silent(why: Result) -> Verdict:
    """No HTTP answer came through CloudFront: a connection that stays silent is a failure, a name or a certificate that
    stands in the way tells nothing of the application. The next try may get an answer."""
    silent = why.outcome is Outcome.FAIL
    remedy = "see `bascule verify --via cloudfront`"
    return Verdict(PROBE, why.outcome, why.evidence, remedy, may_change=True, unanswered=silent)


def load_balancer_closed(asked: Result) -> Verdict:
    """Nobody answers at the ALB from outside: it times out or refuses. `asked` is what `verify.outside.closed` found;
    who answers there goes on doing so, a name that is not found yet may be found."""
    unknown = asked.outcome is Outcome.UNKNOWN
    return Verdict(CLOSED, asked.outcome, asked.evidence, asked.remedy, may_change=unknown)


def missing(gate: str, what: str, remedy: str) -> Verdict:
    """What the gate looks at isn't there."""
    return Verdict(gate, Outcome.FAIL, what, remedy)


def unread(gate: str, found: Unread) -> Verdict:
    """What the gate looks at couldn't be read: a refusal stays one, what the network or AWS does may pass."""
    remedy = f"allow {found.action} to this role, or use another one" if found.refused else ""
    return Verdict(gate, Outcome.UNKNOWN, str(found), remedy, may_change=not found.refused)


def _held(gate: str, holds: bool, seen: str, remedy: str = "", *, may_change: bool = False) -> Verdict:
    if holds:
        return Verdict(gate, Outcome.PASS, seen)
    return Verdict(gate, Outcome.FAIL, seen, remedy, may_change)


class NotReady(BasculeError):
    """Gates don't hold, or couldn't be seen."""

    def __init__(self, verdicts: Sequence[Verdict], what: str, remedy: str) -> None:
        missed = [verdict for verdict in verdicts if not verdict.passed]
        super().__init__(
            "\n".join([what, *(f"  {verdict}" for verdict in verdicts)]),
            remedy="\n          ".join([*(f"{v.gate}: {v.remedy}" for v in missed if v.remedy), remedy]),
        )
        self.unanswered = any(verdict.unanswered for verdict in missed)
        """Whether who is sent to the load balancer gets no answer of the application."""


def require(verdicts: Sequence[Verdict], what: str, remedy: str) -> None:
    """Raises NotReady, beginning with `what`, with the verdicts' own remedies and `remedy`, unless every one passed."""
    if not all(verdict.passed for verdict in verdicts):
        raise NotReady(verdicts, what, remedy)
