"""The secret is rotated at `serve`: once in one go, once killed at every step; nothing that is sent is refused.

Shown on real Terraform and the real provider, by commands in processes of their own under the generated policies.
CloudFront, the ALB and SSM are the emulator's: that an ALB takes up a rule at once, and an edge a distribution by the
time it is Deployed, is AWS's to keep.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import recording
import roles
from prober import Prober, probing

from bascule import aws_calls, demo, journal, plans, rotation, summary
from bascule.adopt import adopt
from bascule.aws_calls import Call
from bascule.demo import Hooks, Rung
from bascule.ladder import ALB_ORIGIN_ID, Stage
from bascule.plan_json import Plan
from bascule.rotation import AT_REST, Phase
from bascule.sandbox import control
from bascule.sandbox.control import LoggedCall, Running
from bascule.site import Site
from bascule.workspace import Workspace

pytestmark = pytest.mark.faults

ROTATE = [sys.executable, "-m", "bascule", "secret", "rotate", "--yes"]

MODIFIES = {part: f"{part}: changing" for part in rotation.Part}

KILLED = (
    MODIFIES[rotation.Part.RULE],
    f"rotation {Phase.SWITCH}: putting",
    MODIFIES[rotation.Part.DISTRIBUTION],
    f"rotation {Phase.ALONE}: putting",
    f"rotation {Phase.ALONE}\n",
)
"""How the line begins that a run has just said when it is killed, with all that it started; the next run goes on. Not
in the midst of the last apply: what has got through to the ALB by then is a rotation that has ended."""


@dataclass
class Sampler:
    """Looks all the time at what CloudFront sends, old edges too, and at what the ALB accepts of it."""

    running: Running
    site: Site
    looks: int = 0
    refused: list[int] = field(default_factory=list)
    """The looks at which something was sent that wasn't accepted."""
    pairs: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    """What was sent and accepted, whenever it was another than before."""

    def __post_init__(self) -> None:
        self._cloudfront, self._elbv2 = (roles.client(self.running, service) for service in ("cloudfront", "elbv2"))
        (balancer,) = self._elbv2.describe_load_balancers()["LoadBalancers"]
        (listener,) = self._elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        rules = self._elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        (self._rule,) = [rule["RuleArn"] for rule in rules if not rule["IsDefault"]]

    def look(self, before: str) -> str:
        """Look once; returns what every edge sends by now, `before` while that isn't known."""
        first = self._accepted()
        found = self._cloudfront.get_distribution(Id=self.site.distribution.id)["Distribution"]
        (origin,) = [o for o in found["DistributionConfig"]["Origins"]["Items"] if o["Id"] == ALB_ORIGIN_ID]
        headers = {h["HeaderName"]: str(h["HeaderValue"]) for h in origin["CustomHeaders"]["Items"]}
        sent, last = headers[self.site.origin.secret_header], self._accepted()
        deployed = found["Status"] == "Deployed"
        self.looks += 1
        if not {sent, sent if deployed else before or sent} <= first & last:
            self.refused.append(self.looks)
        if not self.pairs or self.pairs[-1] != (sent, last):
            self.pairs.append((sent, last))
        return sent if deployed else before

    def _accepted(self) -> frozenset[str]:
        (rule,) = self._elbv2.describe_rules(RuleArns=[self._rule])["Rules"]
        (condition,) = rule["Conditions"]
        return frozenset(condition["HttpHeaderConfig"]["Values"])

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look on end, ten times a second at the most."""
        done, last = threading.Event(), self.look("")

        def run() -> None:
            nonlocal last
            while not done.wait(0.1):
                last = self.look(last)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


@dataclass
class Story:
    """What the commands printed and called, and what there was in the end of each."""

    whole: subprocess.CompletedProcess[str]
    whole_calls: list[LoggedCall]
    whole_pairs: list[tuple[str, frozenset[str]]]
    killed: list[str]
    """What each run printed until it was killed."""
    cues: list[bool]
    """Whether each was killed at what it should have said."""
    modes: dict[str, int]
    """Of the files that held a value when a run was killed."""
    resumed: subprocess.CompletedProcess[str]
    sampler: Sampler
    prober: Prober
    values: list[str]
    """Every value that the parameter ever held."""
    parameter: Mapping[str, Any]
    replan: Plan
    left: dict[str, int]
    """Of those that hold one in the end."""
    entries: list[journal.Entry]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """At `serve`: one rotation in one go, another one killed at each of KILLED and finished."""
    root = tmp_path_factory.mktemp("rotation") / "site"
    with demo.sandboxed(root, lambda line: None) as workspace:
        running = recording.make_roles(workspace)
        with roles.acting_as(roles.credentials(running, recording.APPLYING)):
            adopt(recording.open_session(workspace))
            for stage in (Stage.CONNECT, Stage.SERVE):
                demo.go(workspace, Rung(stage, ""), lambda line: None, Hooks())
            session = recording.open_session(workspace)
            site = session.site
            sampler = Sampler(running, site)
            since = len(control.calls(running))
            with sampler.looking(), probing(running.endpoint) as prober:
                whole = subprocess.run(ROTATE, cwd=root, capture_output=True, text=True, check=False)
                calls = [call for call in control.calls(running, since) if call.caller == recording.APPLYING]
                pairs = list(sampler.pairs)
                killed, cues, modes = [], [], dict[str, int]()
                for cue in KILLED:
                    printed = kill_at(root, cue)
                    killed.append(printed)
                    cues.append(cue in printed)
                    modes |= holding(root, values_of(running, site))
                resumed = subprocess.run(ROTATE, cwd=root, capture_output=True, text=True, check=False)
            replan = plans.preview(session, Stage.SERVE).plan
        values = values_of(running, site)
        (parameter,) = [one for one in history(running, site) if one["Version"] == len(history(running, site))]
        left = holding(root, values)
        entries = journal.read(Workspace(root).journal(session.name))
    return Story(
        whole, calls, pairs, killed, cues, modes, resumed, sampler, prober, values, parameter, replan, left, entries
    )


def kill_at(root: Path, cue: str) -> str:
    """Start a rotation, and kill all its processes once it says something; returns what it said until then."""
    process = subprocess.Popen(
        ROTATE,
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    assert process.stdout is not None
    printed = []
    for line in process.stdout:
        printed.append(line)
        if line.startswith(cue):
            for pid in family(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            break
    process.stdout.close()
    process.wait()
    return "".join(printed)


def family(pid: int) -> list[int]:
    """A process and all that it started, Terraform in its own session included, parents first."""
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [pid, *(one for child in children.stdout.split() for one in family(int(child)))]


def history(running: Running, site: Site) -> list[Mapping[str, Any]]:
    ssm = roles.client(running, "ssm")
    pages = ssm.get_paginator("get_parameter_history").paginate(Name=site.origin.secret_parameter, WithDecryption=True)
    return [version for page in pages for version in page["Parameters"]]


def values_of(running: Running, site: Site) -> list[str]:
    return sorted({value for version in history(running, site) for value in version["Value"].split(",")})


def holding(root: Path, values: list[str]) -> dict[str, int]:
    """Files of the workspace that hold a value in clear, and their modes; the emulated account is none of it."""
    files = [path for path in root.rglob("*") if path.is_file() and (root / "sandbox") not in path.parents]
    return {
        path.name: path.stat().st_mode & 0o777
        for path in files
        if ".terraform" not in path.parts and any(value.encode() in path.read_bytes() for value in values)
    }


def names(calls: tuple[Call, ...]) -> set[str]:
    return {f"{call.service}:{call.operation}" for call in calls}


def test_it_is_rotated_in_three_applies_of_one_resource_each(story: Story) -> None:
    """And the guard finds each of them safe, so that nobody has to be asked."""
    assert 0 == story.whole.returncode, story.whole.stderr
    assert "rotated: " in story.whole.stdout
    starts = [line.partition(":")[0] for line in story.whole.stdout.splitlines() if ": changing" in line]
    assert [rotation.Part.RULE, rotation.Part.DISTRIBUTION, rotation.Part.RULE] == starts
    modified = [f"{call.service}:{call.operation}" for call in story.whole_calls if call.by == "terraform"]
    changes = ["elbv2:ModifyRule", "cloudfront:UpdateDistribution", "elbv2:ModifyRule"]
    assert changes == [name for name in modified if name in changes]


def test_what_is_sent_and_accepted_goes_from_the_old_value_to_the_new_one_by_way_of_both(story: Story) -> None:
    """old is sent; both are accepted; new is sent; new alone is accepted."""
    (old, _), *_, (new, _) = story.whole_pairs
    both = frozenset({old, new})
    assert [(old, frozenset({old})), (old, both), (new, both), (new, frozenset({new}))] == story.whole_pairs


def test_no_header_that_an_edge_sends_was_ever_refused(story: Story) -> None:
    """Neither in one go, nor while runs were killed; old edges count until the distribution is Deployed. And whoever
    asked the sandbox's edge in the meantime got the page."""
    assert [] == story.sampler.refused
    assert [] == story.prober.failures
    assert min(story.sampler.looks, story.prober.asked) > 100


def test_it_calls_what_the_table_says(story: Story) -> None:
    """Both ways, and under the policies that bascule generates."""
    seen = {
        side: {f"{call.service}:{call.operation}" for call in story.whole_calls if call.by == side}
        for side in ("bascule", "terraform")
    }
    changes = {"elbv2:ModifyRule", "cloudfront:UpdateDistribution"}
    planned = names((*aws_calls.planned(Stage.SERVE, Stage.SERVE), *aws_calls.SAVE))
    expected = {
        "bascule": names((*aws_calls.OPENING, *aws_calls.FENCE, *aws_calls.ROTATE)),
        "terraform": planned | changes,
    }
    assert expected == seen
    assert [] == [call for call in story.whole_calls if call.refused]


def test_killed_at_each_step_the_next_run_goes_on(story: Story) -> None:
    """Until one value is left, which every part agrees on."""
    assert [True] * len(KILLED) == story.cues, "\n---\n".join(story.killed)
    assert 0 == story.resumed.returncode, story.resumed.stderr
    assert "going on with it" in story.resumed.stdout
    assert "the rotation that was under way is finished" in story.resumed.stdout
    sent, accepted = story.sampler.pairs[-1]
    assert (sent, frozenset({sent})) == (story.parameter["Value"], accepted)
    assert AT_REST == story.parameter["Description"]
    assert [] == summary.differences(story.replan)


def test_a_run_that_goes_on_makes_no_other_value(story: Story) -> None:
    """Two rotations, so three values."""
    assert 3 == len(story.values)


def test_no_value_is_shown_or_left_in_a_file(story: Story) -> None:
    """A saved plan holds it, its owner alone reads that, and it is gone in the end. What stays are the distribution's
    configs by which there is a way back, for their owner alone."""
    printed = [story.whole.stdout, story.whole.stderr, story.resumed.stdout, story.resumed.stderr, *story.killed]
    assert [] == [text for text in printed for value in story.values if value in text]
    assert {0o600} == set(story.modes.values()) | set(story.left.values()), (story.modes, story.left)
    assert set() == {plans.PLAN_FILE, plans.PLAN_JSON, plans.APPLYING, plans.PLAN_NOTE} & set(story.left)


def test_the_journal_tells_of_each_phase(story: Story) -> None:
    """Of the first run: what was put and what was applied, in order."""
    done = [entry.details["phase"] for entry in story.entries if entry.event == "rotate done"]
    expected = [f"{what} {phase}" for phase in Phase for what in ("put", "apply")]
    assert expected == [phase for phase in done if not phase.startswith("waiting")][: len(expected)]
