"""The plans in tests/plans/, by real Terraform on the sandbox: `make fixtures` makes them, tests of rules read them.

The good ones are those of a walk up and down the ladder. The others are planned, and never applied, from a copy of the
state of one rung and from a configuration to which somebody did something (plan_drafts.py).
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from plan_drafts import ADOPT, ATTACH, BUILD, CONNECT, DRAFTS, NONE, RETIRE, SECRET, SERVE, Draft

from bascule import demo, files, plan_json, plans, site_file, terraform
from bascule.adopt import adopt
from bascule.demo import Hooks, Rung
from bascule.ladder import Stage, Step
from bascule.plans import Planned
from bascule.rules import Case
from bascule.sandbox import control
from bascule.session import Session, lock_file, open_session, set_path_style
from bascule.site import Site
from bascule.synth import CONFIGURATION, synthesize
from bascule.terraform_events import OnEvent
from bascule.workspace import Workspace

PLANS = Path(__file__).parents[1] / "plans"
SITE: Site = site_file.load(demo.SITE_FILE)

UP = [Rung(stage, "") for stage in (ADOPT, BUILD, ATTACH, CONNECT, SERVE, RETIRE)]
DOWN = [Rung(CONNECT, "", rollback=True), *(Rung(stage, "") for stage in (ATTACH, BUILD, ADOPT, NONE))]

KEPT = ("applyable", "complete", "configuration", "deferred_changes", "errored", "format_version", "output_changes")
KEPT += ("resource_changes", "resource_drift", "terraform_version")
"""What stays of a plan; of its prior state, what a rule can look at is kept, too."""

LOCAL = json.dumps({"terraform": {"backend": {"local": {}}}})
SOON = 900
"""Seconds by which the sandbox's clock is moved on after a change by hand, so that it is deployed."""


def names() -> list[str]:
    """The names of all plans."""
    return sorted(path.stem for path in PLANS.glob("*.json"))


def head(name: str) -> dict[str, Any]:
    """A plan's file: what it is of, and the plan as Terraform writes it under `plan`."""
    found: dict[str, Any] = json.loads((PLANS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def case(found: Mapping[str, Any], site: Site = SITE) -> Case:
    """What the rules look at: the plan of a file, at the step for which it was made."""
    stage = Stage(found["stage"])
    return Case(
        plan_json.read(found["plan"]),
        site,
        Step(Stage(found["reached"]), stage, stage, {}),
        found["targeted"],
        found.get("leftover") or {},
    )


def main() -> None:
    """Make all plans anew: a walk up and down, and beside it the drafts of each rung as soon as it is reached."""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="bascule-plans-") as folder,
        demo.sandboxed(Path(folder) / "site", print) as workspace,
        ThreadPoolExecutor(1) as pool,
    ):
        maker = _Maker(workspace, Path(folder), pool)
        demo.set_stage(workspace, ADOPT)
        adopt(maker.session())
        maker.reached(NONE)
        for rung in UP:
            demo.go(workspace, rung, print, Hooks(maker.planned, watch=_unwatched))
            maker.reached(rung.stage)
        for rung in DOWN:
            demo.go(workspace, rung, print, Hooks(maker.planned, watch=_unwatched))
        for made in maker.promised:
            made.result()
    for stale in set(names()) - maker.kept:
        (PLANS / f"{stale}.json").unlink()
    size = sum(path.stat().st_size for path in PLANS.glob("*.json"))
    print(f"{len(names())} plans, {size / 1e6:.2f} MB, in {time.monotonic() - began:.0f} s")


@dataclass
class _Maker:
    workspace: Workspace
    root: Path
    pool: ThreadPoolExecutor
    promised: list[Future[None]] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)

    def session(self) -> Session:
        return open_session(self.workspace, demo.SITE, print, _unwatched)

    def planned(self, session: Session, rung: Rung, found: Planned) -> None:
        """Keep a plan of the walk."""
        way = "rollback-from" if rung.rollback else "down-to" if found.step.descends else "up-to"
        name = f"{way}-{RETIRE if rung.rollback else rung.stage}"
        leftover = found.fence.leftover if found.fence else {}
        self._keep(session, name, found.step, found.plan.document, leftover, targeted=rung.rollback)

    def reached(self, stage: Stage) -> None:
        """Plan the drafts of a rung: at once where the account is to be changed for it, else while the walk goes on."""
        session = self.session()
        state = _state(session) if stage is not NONE else None
        for draft in DRAFTS:
            if draft.at is stage and draft.live is not None:
                self._make(session, draft, state)
                self._deployed()
            elif draft.at is stage:
                self.promised.append(self.pool.submit(self._make, session, draft, state))

    def _make(self, session: Session, draft: Draft, state: bytes | None) -> None:
        folder = self.root / "drafts" / draft.name
        configuration = json.loads((self._synthesized(draft) / CONFIGURATION).read_text(encoding="utf-8"))
        files.write(folder / CONFIGURATION, json.dumps(draft.apply_to(configuration)))
        # An override's backend takes the place of the configuration's own: nothing is locked, nothing can be changed.
        files.write(folder / "backend_override.tf.json", LOCAL)
        set_path_style(folder, session.identity.endpoint)
        if state is not None:
            (folder / "terraform.tfstate").write_bytes(state)
        shutil.copy(lock_file(session), folder / ".terraform.lock.hcl")
        (folder / ".terraform").symlink_to(self._initialized(session) / ".terraform")
        out = folder / plans.PLAN_FILE
        # The account may be at a higher rung by now; only what was changed by hand has to be seen.
        extra = [] if draft.live else ["-refresh=false"]
        extra += [f"-target={draft.target}"] if draft.target else []
        leftover: Mapping[str, Any] = {}
        with draft.live(session) if draft.live else nullcontext():
            terraform.plan(session.terraform, folder, session.environment, out=out, extra=extra)
            if draft.live:
                leftover = plans.live_fence(session).leftover
        document = terraform.show_json(session.terraform, folder, session.environment, out)
        step = Step(draft.at, draft.to, draft.to, {})
        self._keep(session, draft.name, step, document, leftover, targeted=draft.targeted)

    def _synthesized(self, draft: Draft) -> Path:
        """The configuration of the rung that a draft goes to, synthesized once."""
        descending = not draft.to.at_least(draft.at)
        out = self.root / "configurations" / f"{draft.to}{'-from-above' * descending}"
        folder = out / "stacks" / demo.SITE
        if not folder.exists():
            synthesize(self.workspace, demo.SITE, draft.to, out, descending=descending)
        return folder

    def _initialized(self, session: Session) -> Path:
        """A folder on which `terraform init` was run with a local state, once for all drafts."""
        folder = self.root / "initialized"
        if not folder.exists():
            configuration = self._synthesized(Draft("", NONE, ADOPT)) / CONFIGURATION
            files.write(folder / CONFIGURATION, configuration.read_text(encoding="utf-8"))
            files.write(folder / "backend_override.tf.json", LOCAL)
            set_path_style(folder, session.identity.endpoint)
            terraform.init(session.terraform, folder, session.environment, lock_file=lock_file(session))
        return folder

    def _deployed(self) -> None:
        running = control.status(self.workspace.root / "sandbox")
        assert running is not None
        control.configure(running, advance=SOON)

    def _keep(
        self,
        session: Session,
        name: str,
        step: Step,
        document: Mapping[str, Any],
        leftover: Mapping[str, Any],
        *,
        targeted: bool,
    ) -> None:
        told = {"made_by": "make fixtures", "reached": step.reached, "stage": step.stage, "targeted": targeted}
        if leftover:
            told["leftover"] = dict(leftover)
        text = _text(told, _shortened(document)).replace(_secret(session), SECRET)
        for private in (str(self.root), str(Path.home()), str(Path.cwd()), "127.0.0.1"):
            assert private not in text, f"{name} names {private}"
        files.write(PLANS / f"{name}.json", text)
        self.kept.add(name)
        print(f"{name}: {len(text) / 1000:.0f} kB")


def _state(session: Session) -> bytes:
    backend = session.site.state
    assert backend.backend == "s3"
    body: bytes = session.clients("s3").get_object(Bucket=backend.bucket, Key=backend.key)["Body"].read()
    return body


def _secret(session: Session) -> str:
    parameter = session.clients("ssm").get_parameter(Name=session.site.origin.secret_parameter, WithDecryption=True)
    return str(parameter["Parameter"]["Value"])


def _shortened(document: Mapping[str, Any]) -> dict[str, Any]:
    """A plan without what no rule reads; of the managed resources in its prior state those that it doesn't speak of."""
    kept = {name: document[name] for name in KEPT if name in document}
    prior = ((document.get("prior_state") or {}).get("values") or {}).get("root_module") or {}
    complete = document.get("complete", True)
    told = {one["address"] for one in document.get("resource_changes", ())}
    read = [
        one
        for one in prior.get("resources", ())
        if one["mode"] == "data" or (not complete and one["address"] not in told)
    ]
    kept["prior_state"] = {"values": {"root_module": {"resources": read}}}
    return kept


def _text(told: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    """One line for each change, so that a difference between two runs can be read."""
    lines = [f" {_line(name)}: {_line(value)}" for name, value in told.items()]
    parts = []
    for name, value in sorted(plan.items()):
        entries = ",\n".join(f"   {_line(entry)}" for entry in value) if name.startswith("resource_") else ""
        parts.append(f"  {_line(name)}: " + (f"[\n{entries}\n  ]" if entries else _line(value)))
    return "{\n" + ",\n".join([*lines, ' "plan": {\n' + ",\n".join(parts) + "\n }"]) + "\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


@contextmanager
def _unwatched() -> Iterator[OnEvent]:
    yield lambda event: None


if __name__ == "__main__":
    main()
