"""One command's work on one site: its intent, the account, and Terraform ready to run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bascule import aws, files, journal, progress, site_file, terraform, terraform_environment
from bascule.errors import BasculeError
from bascule.formats import Via
from bascule.journal import Record
from bascule.ladder import Stage, Step, adopted_ids
from bascule.site import Site
from bascule.synth import synthesize, synthesize_and_render, take_nothing_in
from bascule.terraform import Terraform
from bascule.terraform_events import OnEvent
from bascule.waiting import Wait, wait
from bascule.workspace import Workspace

if TYPE_CHECKING:
    from bascule.review import Review
    from bascule.verification import Reach

Say = Callable[[str], None]
"""Prints a line for a person."""

Watch = Callable[[], AbstractContextManager[OnEvent]]
"""Gives the callback that is shown Terraform's events, as a context."""

PATH_STYLE_OVERRIDE = "path_style_override.tf.json"
"""Written beside the configuration if and only if the endpoint is a loopback address: names like
BUCKET.127.0.0.1 don't resolve, so both provider and backend have to use path-style addressing there."""


def _shown(review: Review) -> str:
    from bascule.renderers import text  # and every rule, which `bascule trace` does without

    return text.render(review)


@dataclass(frozen=True)
class Session:
    """What every command that runs Terraform needs."""

    name: str
    site: Site
    workspace: Workspace
    clients: aws.Clients
    identity: aws.Identity
    terraform: Terraform
    environment: dict[str, str]
    say: Say
    watch: Watch = progress.shown
    show: Callable[[Review], str] = _shown
    """How a review is shown to the person."""
    record: Record = journal.nowhere
    """Keeps the journal."""
    ready: Callable[[Session, Stage, bool], None] = lambda session, reached, planning: None
    """Raises BasculeError if the account isn't ready for going from a rung to the one that the site file asks for, or
    for planning that."""
    reach: Callable[[str], Reach] | None = None
    """The way to the site through the distribution of that name, for the gates that look at what visitors get."""
    wait: Wait = wait
    """Waits at gates."""

    @property
    def directory(self) -> Path:
        """Where Terraform runs, with the plan beside the configuration."""
        return self.workspace.synthesized(self.name)

    def at(self, stage: Stage) -> Session:
        """The same session with another rung wanted."""
        return replace(self, site=self.site.model_copy(update={"stage": stage}))


def open_session(workspace: Workspace, name: str, say: Say, watch: Watch = progress.shown) -> Session:
    """Read the site file, find Terraform and the account, and say which account it is.

    Raises InputError for the site file, BasculeError for Terraform or credentials.
    """
    wanted = site_file.load(workspace.site_file(name))
    found = terraform.find(os.environ)
    environment = terraform_environment.environment(os.environ, workspace.scratch())
    clients = aws.clients(wanted.region)
    identity = aws.identity(clients, wanted.region)
    say(f"{name}: {identity}")
    record = journal.recorder(workspace.journal(name), identity.arn)
    found = replace(found, notes=workspace.running(), say=say, record=record)

    def reach(domain: str) -> Reach:
        from bascule.verification import reach

        return reach(identity, domain, Via.CLOUDFRONT)

    return Session(
        name, wanted, workspace, clients, identity, found, environment, say, watch, record=record, reach=reach
    )


def configure(session: Session, step: Step) -> None:
    """Synthesize the configuration of one step where Terraform runs."""
    out = session.workspace.out()
    if not step.stage.at_least(Stage.BUILD):
        take_nothing_in(session.directory)
    synthesize(session.workspace, session.name, step.stage, out, descending=step.descends)


def initialize(session: Session, directory: Path) -> None:
    """Run `terraform init` on the configuration in `directory`, with the site's committed lock file."""
    set_path_style(directory, session.identity.endpoint)
    with session.watch() as on_event:
        terraform.init(
            session.terraform,
            directory,
            session.environment,
            backend_config=backend_config(session),
            lock_file=lock_file(session),
            on_event=on_event,
        )


def lock_file(session: Session) -> Path:
    """The site's committed lock file; for a site that has none yet the one that bascule carries, as synthesis will
    commit it."""
    committed = session.workspace.lock_file(session.name)
    return committed if committed.exists() else terraform.LOCK_FILE


def backend_config(session: Session) -> tuple[str, ...]:
    """What `terraform init` has to be told of the backend beyond the configuration: nothing on AWS."""
    on_loopback = aws.is_loopback(session.identity.endpoint)
    return ("use_path_style=true",) if on_loopback and session.site.state.backend == "s3" else ()


def set_path_style(directory: Path, endpoint: str) -> None:
    """Write the provider's path-style override into `directory`, or remove it, as the endpoint asks."""
    override = directory / PATH_STYLE_OVERRIDE
    if aws.is_loopback(endpoint):
        files.write(override, json.dumps({"provider": {"aws": {"s3_use_path_style": True}}}) + "\n")
    else:
        override.unlink(missing_ok=True)


def read_state(session: Session) -> dict[str, Any]:
    """Terraform's state as `terraform show -json` prints it; needs an initialized directory.

    Raises BasculeError if it is another site's, or of another resource than the site file names: Terraform passes over
    an import block whose address it knows already, and would change the resource that it knows.
    """
    state = terraform.show_json(session.terraform, session.directory, session.environment)
    expected = session.site.import_ids()
    for type_, found in adopted_ids(state).items():
        if found != expected[type_]:
            raise BasculeError(
                f"the state holds the {type_} {found}; the site file says {expected[type_]}",
                where=f"state of {session.name}, {session.workspace.site_file(session.name)}",
                remedy='put the id back, then stage = "none" and `bascule apply`, before it is changed; '
                "or give this site a [state] of its own",
            )
    return state


def prepare(session: Session) -> dict[str, Any]:
    """Synthesize what the site file asks for, initialize Terraform on it, and return its state."""
    rendered = session.workspace.rendered(session.name) / "main.tf"
    before = files.read(rendered)
    take_nothing_in(session.directory)
    synthesize_and_render(session.workspace, session.name, session.site.stage)
    if files.read(rendered) != before:
        session.say(f"rendered/{session.name}/main.tf is new: commit it with sites/{session.name}.toml")
    session.say("reading the state")
    initialize(session, session.directory)
    return read_state(session)
