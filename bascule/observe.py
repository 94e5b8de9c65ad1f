"""Looks at the account, and at what visitors get, for the gates of the ladder."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bascule import aws, gates
from bascule.errors import BasculeError
from bascule.formats import Expect
from bascule.gates import Answer, Verdict
from bascule.ladder import Stage, Step
from bascule.outcomes import UnansweredError, worst
from bascule.readings import NotReadError, Readings
from bascule.site import Site
from bascule.verify import outside, requests
from bascule.verify.expectation import Expectation, Live, expectation
from bascule.verify.messages import Kind, NoAnswer, Request
from bascule.verify.row import drive
from bascule.verify.source import Source, seen, source
from bascule.waiting import Gate

if TYPE_CHECKING:
    from bascule.verification import Reach

BALANCER_LIMIT = 600.0
"""Seconds for the ALB to be active: botocore's waiter LoadBalancerAvailable, 15 s x 40."""

DISTRIBUTION_LIMIT = 2100.0
"""Seconds for the distribution to be deployed: botocore's waiter DistributionDeployed, 60 s x 35."""

VISITORS_LIMIT = 120.0
"""Seconds for the application to answer through CloudFront, and for the ALB's name to be found: everything behind them
has been seen to be ready, and CloudFront keeps an error for 10 s (developer guide, error caching minimum TTL)."""

READ_LIMIT = 60.0
"""Seconds for a call that doesn't come through: what it tells doesn't change by itself."""

LONGEST = 15.0
"""Seconds between two looks at the most: botocore's waiters for ELBv2 and ECS take that always."""

DISTRIBUTION_LONGEST = 20.0
"""The same for CloudFront: its waiters take 20 s (InvalidationCompleted) and 60 s (DistributionDeployed)."""


@dataclass(frozen=True)
class Looking:
    """What looking takes."""

    clients: aws.Clients
    site: Site
    reach: Callable[[str], Reach] | None = None
    """The way to the site through the distribution of that name. None where nothing leads there: then the application
    isn't asked, nor whether the ALB is closed."""


def gates_before(looking: Looking, step: Step) -> list[Gate]:
    """The gates that applying `step` depends on; nothing is asked until they are looked at.

    Climbing: the gates of every rung reached that is below the step, since a failed apply also leaves traces of a rung;
    before visitors are sent to the application, also whether it answers through CloudFront, and nobody from outside.
    What a failed apply didn't get to isn't in the state and can't be looked at: up to `connect` the step itself makes
    it, above that it has to be there, else a BasculeError says so. Descending below `attach`: CloudFront has to have
    let go of the ALB. Where visitors are sent to the application already, none is waited for longer than they would
    wait: VISITORS_LIMIT, and its settling. A call that is refused is `unknown`; a look raises BasculeError where no
    call can succeed.
    """
    if step.descends:
        released = not step.stage.at_least(Stage.ATTACH) and step.reached.at_least(Stage.BUILD)
        return _released(Readings(looking.clients, looking.site)) if released else []
    arns = {}
    for rung, type_ in _KNOWN_BY.items():
        if rung.rung <= step.reached.rung and rung.rung < step.stage.rung:
            resource = _values(step.state, type_)
            if resource:
                arns[rung] = str(resource["arn"])
            elif step.stage.at_least(Stage.SERVE):
                raise BasculeError(
                    f"Terraform's state holds no {type_}, though it shows {step.reached}",
                    remedy='set stage = "connect" and apply: that makes what is missing',
                )
    read = Readings(looking.clients, looking.site)
    found = []
    if Stage.BUILD in arns:
        found.append(_load_balancer(read, arns[Stage.BUILD]))
    if Stage.ATTACH in arns:
        found += _service(read, arns[Stage.ATTACH])
    if Stage.CONNECT in arns:
        found += _connected(read)
    if step.stage.at_least(Stage.SERVE) and looking.reach is not None:
        found += _visitors(read, looking.reach, arns[Stage.BUILD])
    if step.reached.at_least(Stage.SERVE):
        found = [replace(gate, limit=min(gate.limit, VISITORS_LIMIT + gate.settling)) for gate in found]
    return found


_KNOWN_BY: Mapping[Stage, str] = {
    Stage.BUILD: "aws_lb",
    Stage.ATTACH: "aws_lb_target_group",
    Stage.CONNECT: "aws_cloudfront_distribution",
}
"""The type of the resource in the state whose ARN the gates of a rung need."""


def deployed(looking: Looking) -> Gate:
    """The gate that every edge has the distribution's config; nothing is asked until it is looked at."""
    return _deployed(Readings(looking.clients, looking.site))


REFUSALS = 4
"""Looks in a row at which visitors get an error, until that is no accident: 7 s at the earliest."""


def arrived(looking: Looking, expect: Expect) -> Gate:
    """The gate that every edge has the config that sends visitors to `expect`. While edges are getting the one that
    sends them to the application, / is asked for at each look, too: REFUSALS errors in a row are the end of it."""
    read, refused = Readings(looking.clients, looking.site), list[str]()

    def look(round_: int) -> Verdict:
        found = read.distribution(round_)
        verdict = gates.distribution_deployed(found, expect)
        if verdict.passed or expect is not Expect.APPLICATION or looking.reach is None:
            return verdict
        seen = _refusal(read.site, found, looking.reach)
        refused[:] = [*refused, seen] if seen else []
        return gates.visitors_refused(verdict, seen) if len(refused) >= REFUSALS else verdict

    return _gate(gates.DEPLOYED, DISTRIBUTION_LIMIT, look, longest=DISTRIBUTION_LONGEST)


def _refusal(site: Site, distribution: Answer, reach: Callable[[str], Reach]) -> str:
    """The error that visitors get for /, in a few words; empty where it is a page, or can't be asked from here."""
    way, expected = reach(distribution["DomainName"]), _expected(site, distribution)
    answer = way.fetch(way.target.route(Request(expected.host)))
    if isinstance(answer, NoAnswer):
        return str(answer) if answer.kind is Kind.SILENT else ""
    own = source(answer, expected.markers) in (Source.CLOUDFRONT, Source.LOAD_BALANCER)
    return seen(answer) if answer.status >= 500 or (own and answer.status >= 400) else ""


def knows_load_balancer(clients: aws.Clients, site: Site) -> bool:
    """Whether the live distribution has our origin, whatever the state says. Raises BasculeError if that isn't read."""
    return not gates.distribution_released(_live_config(clients, site)).passed


def visitors_go_to(clients: aws.Clients, site: Site) -> str:
    """The origin of the live distribution's default behavior. Raises BasculeError if it can't be read."""
    return str(_live_config(clients, site)["DefaultCacheBehavior"]["TargetOriginId"])


def live_distribution(clients: aws.Clients, site: Site) -> Answer:
    """GetDistribution's Distribution. Raises BasculeError if it can't be read."""
    with aws.readable():
        found: Answer = clients("cloudfront").get_distribution(Id=site.distribution.id)["Distribution"]
    return found


def _live_config(clients: aws.Clients, site: Site) -> Answer:
    config: Answer = live_distribution(clients, site)["DistributionConfig"]
    return config


def _load_balancer(read: Readings, arn: str) -> Gate:
    return _gate(
        gates.ALB_ACTIVE, BALANCER_LIMIT, lambda round_: gates.load_balancer_active(read.load_balancer(arn, round_))
    )


def _service(read: Readings, target_group_arn: str) -> list[Gate]:
    site = read.site
    limit = site.service.steady_state_timeout * 60.0
    settling = float(site.health_check.interval if site.gates.settling is None else site.gates.settling)

    def finished(round_: int) -> Verdict:
        return gates.service_attached(read.service(round_), target_group_arn)

    def healthy(round_: int) -> Verdict:
        return gates.targets_healthy(read.targets(target_group_arn, round_), read.service(round_)["desiredCount"])

    return [
        _gate(gates.DEPLOYMENT, limit, finished),
        _gate(gates.TARGETS, limit + settling, healthy, settling=settling),
    ]


def _connected(read: Readings) -> list[Gate]:
    path = read.site.distribution.probe_path
    return [
        _deployed(read),
        _gate(gates.CONNECTED, READ_LIMIT, lambda round_: gates.distribution_connected(read.config(round_), path)),
        _gate(gates.EXPRESSIBLE, READ_LIMIT, lambda round_: gates.distribution_expressible(read.config(round_))),
    ]


def _released(read: Readings) -> list[Gate]:
    return [
        _gate(gates.RELEASED, READ_LIMIT, lambda round_: gates.distribution_released(read.config(round_))),
        _deployed(read),
    ]


def _deployed(read: Readings) -> Gate:
    return _gate(
        gates.DEPLOYED,
        DISTRIBUTION_LIMIT,
        lambda round_: gates.distribution_deployed(read.distribution(round_)),
        longest=DISTRIBUTION_LONGEST,
    )


def _visitors(read: Readings, reach: Callable[[str], Reach], load_balancer_arn: str) -> list[Gate]:
    """What is seen from outside, by the requests of `bascule verify`."""

    def answers(round_: int) -> Verdict:
        found = read.distribution(round_)
        way, expected = reach(found["DomainName"]), _expected(read.site, found)
        try:
            result = drive(requests.probe(expected), lambda request: way.fetch(way.target.route(request)))
        except UnansweredError as error:
            return gates.application_silent(error.result)
        return gates.application_answers(result, found["Status"] == "Deployed")

    def closed(round_: int) -> Verdict:
        found = read.distribution(round_)
        name = str(read.load_balancer(load_balancer_arn, round_)["DNSName"])
        way, expected = reach(found["DomainName"]), _expected(read.site, found, name)
        return gates.load_balancer_closed(
            worst(drive(outside.closed(expected, one), way.fetch) for one in expected.closed or ())
        )

    return [
        _gate(gates.PROBE, VISITORS_LIMIT, answers, behind=True),
        _gate(gates.CLOSED, VISITORS_LIMIT, closed, behind=True),
    ]


def _expected(site: Site, distribution: Answer, load_balancer: str | None = None) -> Expectation:
    """The application, under the site's first alias that the distribution has, else under its own name."""
    aliases = tuple(distribution["DistributionConfig"].get("Aliases", {}).get("Items", ()))
    live = Live(aliases, str(distribution["DomainName"]), probed=True, load_balancer=load_balancer)
    return expectation(
        site,
        site.verify,
        live,
        expect=Expect.APPLICATION,
        now=datetime.now(UTC),
        nonce=secrets.token_hex(4),
    )


def _gate(
    name: str,
    limit: float,
    look: Callable[[int], Verdict],
    *,
    longest: float = LONGEST,
    settling: float = 0.0,
    behind: bool = False,
) -> Gate:
    def looked(round_: int) -> Verdict:
        try:
            return look(round_)
        except NotReadError as error:
            return error.verdict(name)

    return Gate(name, limit, looked, longest, settling, behind)


def _values(state: Mapping[str, Any], type_: str) -> Mapping[str, Any]:
    resources = ((state.get("values") or {}).get("root_module") or {}).get("resources", ())
    return next((r["values"] for r in resources if r["type"] == type_ and r["mode"] == "managed"), {})
