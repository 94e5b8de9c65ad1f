"""Rows about what must not be reached from outside, and about speed."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

from bascule.outcomes import Result, fail, not_configured, passed, unknown, warn
from bascule.verify.expectation import Closed, Expectation
from bascule.verify.messages import Kind, NoAnswer, Request
from bascule.verify.row import Steps, ask
from bascule.verify.source import BEHIND, seen, source
from bascule.verify.walk import page

PATIENCE = 5.0
"""Seconds to wait for an address that should not answer: a security group lets packets fall."""

MEASURED = 3
"""Requests of which the median counts."""

SLOWER = 1.0
"""Seconds more than before that a person should know of."""


def closed(expected: Expectation, one: Closed) -> Steps[Result]:
    """Whether nobody answers at an address: no TCP connection at all."""
    request = Request(expected.host, at=one.address, timeout=PATIENCE)
    answer = yield request if one.address.port == 443 else replace(request, scheme="http")
    where = f"{one.what} {one.address}"
    cure = (
        "let its security group admit CloudFront's prefix list alone"
        if one.what == "load balancer"
        else "let its security groups admit the load balancer's alone"
    )
    if isinstance(answer, NoAnswer):
        if answer.connected or answer.kind in (Kind.TLS, Kind.SILENT):
            return fail(f"{where}: takes connections, {answer.why}", cure)
        if answer.kind in (Kind.REFUSED, Kind.TIMED_OUT):
            return passed(f"{where}: {answer.why}")
        return unknown(f"{where}: {answer}", "look yourself, from outside the VPC")
    by = source(answer, expected.markers)
    said = "the application answers" if by in BEHIND else f"{by} answers"
    return fail(f"{where}: {said}: {seen(answer)}", cure)


def nothing_to_close(expected: Expectation) -> Result:
    """Where no address is known."""
    if expected.closed is None:
        return unknown("the tasks' addresses couldn't be read", "allow ecs:ListTasks and ec2:DescribeNetworkInterfaces")
    return not_configured("no load balancer and no task with a public address")


def first_byte(expected: Expectation) -> Steps[float]:
    """Median seconds to the first byte of the home page. Raises UnansweredError if there is no answer."""
    target = (yield from page(expected)).request
    times = []
    for _ in range(MEASURED):
        times.append((yield from ask(target)).first_byte)
    return median(times)


def speed(expected: Expectation) -> Steps[Result]:
    """Time to first byte, before and after."""
    after = yield from first_byte(expected)
    now = f"{after * 1000:.0f} ms, median of {MEASURED}"
    if expected.before is None:
        return passed(f"{now}; it wasn't measured before")
    evidence = f"{expected.before * 1000:.0f} ms before, now {now}"
    if after > expected.before + SLOWER:
        return warn(evidence, "look at the tasks' CPU, at cold caches, and at what could be static")
    return passed(evidence)
