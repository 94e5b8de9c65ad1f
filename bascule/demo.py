"""The whole ladder, up and down, in the sandbox: real Terraform and the real AWS provider, no AWS account."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bascule import climb, confirmation, files, progress, rollback, site_file
from bascule.adopt import adopt
from bascule.errors import BasculeError
from bascule.formats import Expect
from bascule.ladder import Stage
from bascule.plans import Planned
from bascule.preflight import ready
from bascule.sandbox import control
from bascule.session import Say, Session, Watch, open_session
from bascule.terraform import Interrupted
from bascule.workspace import Workspace, short

SITE = "arquantix"
"""The audited site: the one that the sandbox's account holds."""

SITE_FILE = Path(control.__file__).with_name("site.toml")
"""Its intent. Not the one in sites/, which is an operator's, with a backend that a demo must not touch."""


@dataclass(frozen=True)
class Rung:
    """One leg of the walk: the stage asked for, and why."""

    stage: Stage
    title: str
    rollback: bool = False
    """Whether `rollback` leads there, rather than the site file and `apply`."""


WALK = (
    Rung(Stage.ADOPT, "import what is live; nothing changes"),
    Rung(Stage.BUILD, "load balancer, target group, listener, security groups"),
    Rung(Stage.ATTACH, "the service runs behind the load balancer"),
    Rung(Stage.CONNECT, "CloudFront knows the load balancer; visitors still get the bucket"),
    Rung(Stage.SERVE, "visitors get the application"),
    Rung(Stage.CONNECT, "visitors get the bucket again", rollback=True),
    Rung(Stage.ATTACH, "CloudFront lets go of the load balancer"),
    Rung(Stage.BUILD, "the service lets go of the load balancer"),
    Rung(Stage.ADOPT, "what bascule built is gone"),
    Rung(Stage.NONE, "what was adopted is forgotten, and stays as it is"),
)
"""Every rung, up and down; `retire` is for after a soak."""

VISITORS_GET = {Stage.CONNECT: Expect.BUCKET, Stage.SERVE: Expect.APPLICATION}
"""Who answers visitors at a rung, where that is asked."""


@dataclass(frozen=True)
class Hooks:
    """What a caller does along the way; the demo does nothing, the tests record."""

    planned: Callable[[Session, Rung, Planned], None] = lambda session, rung, planned: None
    """Called with each plan, before it is applied."""
    reached: Callable[[Session, Rung], None] = lambda session, rung: None
    """Called once a rung is reached."""
    watch: Watch = progress.shown


def demo(workspace: Workspace, say: Say) -> None:
    """Walk the ladder in a copy below `.bascule/`; the working tree is not written, and the sandbox ends with it."""
    try:
        with sandboxed(workspace.scratch() / "demo", say) as scratch:
            walk(scratch, say)
    except (KeyboardInterrupt, Interrupted):
        raise Interrupted("the demo was stopped; its sandbox and its copy are gone") from None
    say("\ndone: everything that was built is gone again, and so is the sandbox")


@contextmanager
def sandboxed(root: Path, say: Say, account: Path | None = None) -> Iterator[Workspace]:
    """A scratch workspace at `root` with the audited site's file, and a sandbox that this process's environment points
    to; both are gone afterwards, and the environment is as it was.
    """
    if control.status(root / "sandbox") is not None:
        raise BasculeError("another demo is running here", where=str(root), remedy="wait for it, or end it with Ctrl-C")
    shutil.rmtree(root, ignore_errors=True)
    files.write(root / "sites" / f"{SITE}.toml", site_file.read_text(SITE_FILE))
    before = dict(os.environ)
    sandbox = root / "sandbox"
    running = control.start(sandbox, account=account, owner_pid=os.getpid())
    try:
        os.environ.update(control.environment(running))
        say(f"sandbox at {running.endpoint}, account {running.account_id}, working in {short(root)}/")
        yield Workspace(root)
    finally:
        os.environ.clear()
        os.environ.update(before)
        control.stop(sandbox)
        shutil.rmtree(root, ignore_errors=True)


def walk(workspace: Workspace, say: Say, hooks: Hooks | None = None) -> None:
    """Adopt the site, then go to every rung of `WALK` in turn."""
    hooks = hooks or Hooks()
    say(f"\n── adopt: read {SITE} from the account ──")
    set_stage(workspace, Stage.ADOPT)
    adopt(open_session(workspace, SITE, say, hooks.watch))
    for number, rung in enumerate(WALK, 1):
        way = "bascule rollback" if rung.rollback else f'stage = "{rung.stage}"'
        say(f"\n── {number}/{len(WALK)}  {way}: {rung.title} ──")
        go(workspace, rung, say, hooks)


def go(workspace: Workspace, rung: Rung, say: Say, hooks: Hooks) -> None:
    """Go to one rung as an operator would, answering every question with yes."""
    if not rung.rollback:
        set_stage(workspace, rung.stage)
    session = replace(open_session(workspace, SITE, say, hooks.watch), ready=ready)

    def ask(planned: Planned) -> bool:
        hooks.planned(session, rung, planned)
        return True

    if rung.rollback:
        say(rollback.roll_back(session, ask).told)
    else:
        climb.climb(session, ask)
    if (expect := VISITORS_GET.get(rung.stage)) is not None:
        say(f"what visitors get, asked over HTTPS at the sandbox's edge (expected: {expect}):")
        confirmation.require(confirmation.confirm(session, expect, say), "visitors don't get what they should:")
    hooks.reached(session.at(rung.stage), rung)


def set_stage(workspace: Workspace, stage: Stage) -> None:
    """Set the rung wanted in the scratch workspace's site file."""
    path = workspace.site_file(SITE)
    files.write(path, site_file.with_stage(site_file.read_text(path), stage, str(path)))
