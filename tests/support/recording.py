"""Walks the ladder as the demo does, and keeps what was planned, done, called and seen at each rung.

With IAM on, under roles that hold the policies that bascule generates and nothing else: `apply`, `audit` and `deny` on
the way (an apply checks the account first), `plan` for planning again at each rung. What the recorder itself looks at,
it looks at as an administrator.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import roles

from bascule import demo, files, live_world, plan_json, plans, policies, progress, site_file, synth, terraform
from bascule.demo import Hooks, Rung
from bascule.guard import DISTRIBUTION
from bascule.ladder import Stage
from bascule.plan_json import Plan
from bascule.planned_values import World
from bascule.plans import Planned
from bascule.sandbox import control
from bascule.sandbox.control import LoggedCall, Running
from bascule.session import Session, backend_config, configure, read_state, set_path_style
from bascule.terraform_events import OnEvent
from bascule.workspace import Workspace


@dataclass
class Step:
    """One apply: its plan from the JSON, the plan of the rendered HCL, and the HCL itself."""

    reached: Stage
    stage: Stage
    plan: Plan
    plan_of_hcl: Mapping[str, Any]
    configuration: str
    plan_modes: dict[str, int]


@dataclass
class Record:
    """One rung of the walk."""

    rung: Rung
    steps: list[Step] = field(default_factory=list)
    events: list[Mapping[str, Any]] = field(default_factory=list)
    replan: Plan = plan_json.EMPTY
    live: Mapping[str, Any] = field(default_factory=dict)
    world: World = field(default_factory=dict)
    """The account as the routing model reads it."""
    site_file: str = ""
    rendered: str = ""
    calls: list[LoggedCall] = field(default_factory=list)
    """AWS calls on the way to this rung, under the role `apply`; the first rung's begin with those of adopting."""
    replan_calls: list[LoggedCall] = field(default_factory=list)
    """AWS calls of planning again, under the role `plan`."""


@dataclass
class Walk:
    """The whole walk: what was live before it, its records in order, and all that was said."""

    before: Mapping[str, Any]
    records: list[Record]
    said: list[str]
    secret: str


APPLYING, PLANNING = "apply", "plan"
"""Names of the two roles."""


def record(root: Path) -> Walk:
    """Walk `demo.WALK` in a sandbox of its own below `root`."""
    said: list[str] = []
    records: list[Record] = []
    events: list[Mapping[str, Any]] = []
    looked = 0

    def planned(session: Session, rung: Rung, found: Planned) -> None:
        if not records or records[-1].rung is not rung:
            records.append(Record(rung))
        records[-1].steps.append(_step(session, found, root / "hcl", target=DISTRIBUTION if rung.rollback else None))

    def reached(session: Session, rung: Rung) -> None:
        nonlocal looked
        kept = records[-1]
        kept.events, events[:] = list(events), []
        kept.site_file = session.workspace.site_file(session.name).read_text(encoding="utf-8")
        kept.rendered = (session.workspace.rendered(session.name) / "main.tf").read_text(encoding="utf-8")
        with roles.acting_as(planning):
            kept.replan = replan(open_session(session.workspace).at(rung.stage))
        kept.live = live(administrator)
        site = administrator.site
        services = [(site.service.cluster, site.service.name)]
        kept.world = live_world.read(administrator.clients, site.distribution.id, services)
        called = control.calls(running, since=looked)
        looked += len(called)
        kept.calls = [call for call in called if call.caller == APPLYING]
        kept.replan_calls = [call for call in called if call.caller == PLANNING]
        events.clear()

    @contextmanager
    def watch() -> Iterator[OnEvent]:
        def keep(event: Mapping[str, Any]) -> None:
            events.append(event)
            line = progress.line(event)
            if line:
                said.append(line)

        yield keep

    with demo.sandboxed(root / "ladder", said.append) as workspace:
        administrator = open_session(workspace, said)
        before, secret = live(administrator), secret_value(administrator)
        running = make_roles(workspace)
        planning = roles.credentials(running, PLANNING)
        with roles.acting_as(roles.credentials(running, APPLYING)):
            demo.walk(workspace, said.append, Hooks(planned, reached, watch))
    return Walk(before, records, said, secret)


def make_roles(workspace: Workspace) -> Running:
    """Turn IAM on in the sandbox of a workspace, and make the two roles; returns the sandbox."""
    running = control.status(workspace.root / "sandbox")
    assert running is not None
    site = site_file.load(workspace.site_file(demo.SITE))
    held = {kind: policies.document(kind, site, running.account_id) for kind in policies.KINDS}
    roles.put(running, APPLYING, apply=held["apply"], audit=held["audit"], deny=held["deny"])
    roles.put(running, PLANNING, plan=held["plan"], deny=held["deny"])
    control.configure(running, iam=True)
    return running


def open_session(workspace: Workspace, said: list[str] | None = None) -> Session:
    """A session on the sandbox that says nothing aloud."""
    from bascule import session

    @contextmanager
    def silent() -> Iterator[OnEvent]:
        yield lambda event: None

    return session.open_session(workspace, demo.SITE, (said if said is not None else []).append, silent)


def replan(session: Session) -> Plan:
    """The plan that follows at once on an apply."""
    step = plans.next_step(session, read_state(session))
    configure(session, step)
    return plans.make(session, step).plan


def live(session: Session) -> dict[str, Any]:
    """What the account holds of the site, in the API's own words."""
    site, clients = session.site, session.clients
    distribution = clients("cloudfront").get_distribution(Id=site.distribution.id)["Distribution"]
    ecs = clients("ecs")
    (service,) = ecs.describe_services(cluster=site.service.cluster, services=[site.service.name])["services"]
    elbv2, ec2 = clients("elbv2"), clients("ec2")
    groups = elbv2.describe_target_groups()["TargetGroups"]
    return {
        "distribution": distribution["DistributionConfig"],
        "distribution_tags": clients("cloudfront").list_tags_for_resource(Resource=distribution["ARN"])["Tags"],
        "service": service,
        "page": clients("s3").get_object(Bucket=site.bucket.name, Key="index.html")["Body"].read().decode(),
        "load_balancers": elbv2.describe_load_balancers()["LoadBalancers"],
        "targets": [
            target
            for group in groups
            for target in elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])[
                "TargetHealthDescriptions"
            ]
        ],
        "security_groups": sorted(group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]),
    }


def let_deployment_finish(session: Session) -> None:
    """Wait, as the AWS SDK does and no longer than it, until the service is stable."""
    site = session.site.service
    waiter = session.clients("ecs").get_waiter("services_stable")
    waiter.wait(cluster=site.cluster, services=[site.name], WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def secret_value(session: Session) -> str:
    """The origin's secret, to look for where it must not be."""
    parameter = session.clients("ssm").get_parameter(Name=session.site.origin.secret_parameter, WithDecryption=True)
    return str(parameter["Parameter"]["Value"])


def _step(session: Session, planned: Planned, folder: Path, *, target: str | None) -> Step:
    configuration = (session.directory / synth.CONFIGURATION).read_text(encoding="utf-8")
    kept = (plans.PLAN_FILE, plans.PLAN_JSON, plans.PLAN_NOTE, plans.LIVE_CONFIG)
    modes = {
        name: (session.directory / name).stat().st_mode & 0o777 for name in kept if (session.directory / name).exists()
    }
    return Step(
        planned.step.reached,
        planned.step.stage,
        planned.plan,
        plan_of_hcl(session, folder, target=target),
        configuration,
        modes,
    )


def plan_of_hcl(session: Session, folder: Path, *, target: str | None = None) -> Mapping[str, Any]:
    """The plan that Terraform makes of the HCL rendered from what it is about to run as JSON, of `target` alone if the
    JSON's is."""
    shutil.rmtree(folder, ignore_errors=True)
    files.write(folder / "main.tf", synth.rendered(session.directory))
    set_path_style(folder, session.identity.endpoint)
    terraform.init(
        session.terraform,
        folder,
        session.environment,
        backend_config=backend_config(session),
        lock_file=session.workspace.lock_file(session.name),
    )
    extra = [f"-target={target}"] if target else []
    terraform.plan(session.terraform, folder, session.environment, out=folder / plans.PLAN_FILE, extra=extra)
    return terraform.show_json(session.terraform, folder, session.environment, folder / plans.PLAN_FILE)
