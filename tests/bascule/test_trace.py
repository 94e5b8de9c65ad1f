"""What a request would meet, told from plans that real Terraform made and from configurations before any plan."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import synthesis

from bascule import configuration, plan_json, routing, trace
from bascule.errors import InputError
from bascule.ladder import Stage
from bascule.routing import Decision, World
from bascule.tracing import headers

PLANS = Path(__file__).parents[1] / "plans"

STAGES = {"up-to-adopt": Stage.ADOPT, "up-to-connect": Stage.CONNECT, "up-to-serve": Stage.SERVE}
"""Plans up the ladder, and the stage of each."""

REQUESTS = (
    ("/", "GET"),
    ("/", "POST"),
    ("/api/health", "GET"),
    ("/api/health", "POST"),
    ("/_next/static/chunk.js", "GET"),
    ("/some/page?a=b", "GET"),
    ("http://www.arquantix.com/", "GET"),
    ("https://elsewhere.example/", "GET"),
)


def planned(name: str) -> World:
    """What there is after a plan."""
    document = json.loads((PLANS / f"{name}.json").read_text(encoding="utf-8"))["plan"]
    return routing.world(plan_json.read(document), "after")


def configured(stage: Stage) -> World:
    """What a stage's configuration says, before any plan."""
    return configuration.world(synthesis.configuration("audited", stage))


def decided(found: World, url: str, method: str = "GET") -> Decision:
    """What becomes of a request."""
    decision = routing.decide(routing.router(found), routing.request(url, method))
    assert decision is not None
    return decision


@pytest.mark.parametrize("name", STAGES)
def test_a_configuration_tells_what_its_plan_tells(name: str) -> None:
    """Behavior, rule and who answers are the same, before anything was planned, for each request."""
    worlds = planned(name), configured(STAGES[name])
    plan, written = ([decided(found, url, method) for url, method in REQUESTS] for found in worlds)
    assert [(d.behavior, d.rule, d.end) for d in plan] == [(d.behavior, d.rule, d.end) for d in written]


def test_visitors_get_the_application_at_serve_and_the_bucket_before() -> None:
    """The default behavior's answer changes at `serve` alone."""
    ends = {stage: decided(configured(stage), "/").end for stage in (Stage.ADOPT, Stage.CONNECT, Stage.SERVE)}
    assert {Stage.ADOPT: "bucket", Stage.CONNECT: "bucket", Stage.SERVE: "application"} == ends


def test_every_station_of_a_visitor_s_way_is_told() -> None:
    """Behavior, cache, what is forwarded, origin, security groups, listener, rule, target group, health check."""
    lines = trace.told(decided(configured(Stage.SERVE), "/?page=2")).splitlines()
    labels = [line[2:17].strip() for line in lines[1:]]
    assert "GET https://www.arquantix.com/?page=2" == lines[0]
    assert [
        "distribution",
        "behavior",
        "cache",
        "forwarded",
        "origin",
        "security group",
        "security group",
        "security group",
        "listener",
        "rule",
        "action",
        "target group",
        "answered by",
    ] == labels
    assert "health check / every 15 s" in lines[-2]
    assert lines[-1].endswith("the application")


@pytest.mark.parametrize("name", sorted(path.stem for path in PLANS.glob("*.json")))
def test_no_secret_is_told(name: str) -> None:
    """Whatever the plan, no value of a custom origin header is in what is told of any request."""
    found = planned(name)
    secrets = {
        header["value"]
        for distribution in routing.distributions(found)
        for origin in distribution.get("origin") or ()
        for header in (origin.get("custom_header") or () if isinstance(origin, dict) else ())
        if isinstance(header, dict) and isinstance(header.get("value"), str)
    }
    router = routing.router(found)
    for url, method in REQUESTS:
        decision = routing.decide(router, routing.request(url, method))
        told = trace.told(decision) if decision else ""
        assert [] == [secret for secret in secrets if secret in told]


def test_headers_are_name_and_value() -> None:
    """Blanks around them don't count; what has no colon is refused, with what to write."""
    assert [("RSC", "1"), ("Cookie", "a=b:c")] == headers(["RSC: 1", "Cookie:a=b:c"])
    with pytest.raises(InputError, match="is no header"):
        headers(["RSC"])


def told_of(value: Any) -> World:
    """A world of one resource with one argument."""
    return configuration.world({"resource": {"aws_lb": {"alb": {"name": value}}}})


def test_an_expression_is_known_by_its_own_words() -> None:
    """A function that isn't the secret's is equal to nothing but itself."""
    one, other = (told_of(f"${{upper({name})}}")["aws_lb.alb"]["name"] for name in ("a", "b"))
    assert one != other
    assert one == told_of("${upper(a)}")["aws_lb.alb"]["name"]


def test_a_trace_starts_without_terraform_and_the_rules() -> None:
    """It reads files and decides: what runs Terraform, waits at gates or judges a plan isn't even imported."""
    script = "import sys, bascule.tracing, bascule.trace; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    unused = {f"bascule.{name}" for name in ("terraform", "session", "waiting", "review", "rules", "guard")}
    assert set() == unused & set(done.stdout.split())
