"""The command line: each command opens a session and calls the one function that does the work.

Nothing heavy is imported here, so that `--help` answers at once.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bascule import __version__
from bascule.errors import InputError
from bascule.ladder import Stage, half_made
from bascule.workspace import Workspace

if TYPE_CHECKING:
    from bascule.climb import Ask
    from bascule.plans import Planned
    from bascule.session import Session

app = typer.Typer(
    name="bascule",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
sandbox_app = typer.Typer(no_args_is_help=True, help="A local stand-in for AWS that holds the audited account.")
secret_app = typer.Typer(no_args_is_help=True, help="The header by which the load balancer knows CloudFront.")
app.add_typer(sandbox_app, name="sandbox")
app.add_typer(secret_app, name="secret")

SiteName = Annotated[str, typer.Argument(metavar="SITE", help="Name of sites/SITE.toml.", show_default="the only site")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before applying. Every check still runs.")]


@app.callback(invoke_without_command=True)
def bascule(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Move a live CloudFront site from an S3 bucket to an ECS service behind an ALB, in steps that can be taken back.

    The site file sites/SITE.toml says what is wanted; its `stage` is the rung of the ladder:

    \b
      none     nothing is managed; what was adopted is forgotten, not changed
      adopt    distribution, bucket and service are imported, with a plan that changes nothing
      build    security groups, load balancer, target group, listener
      attach   the service runs behind the load balancer
      connect  CloudFront knows the load balancer; no visitor is sent there yet
      serve    visitors get the application; the bucket stays ready
      retire   the bucket is no origin any more

    A first move:

    \b
      bascule adopt            read what is live and prove that adopting it changes nothing
      bascule secret create    make the secret header
      (set stage = "connect")  then: bascule plan, bascule apply
      (set stage = "serve")    then: bascule plan, bascule apply
      bascule rollback         back to the bucket, in one apply

    Standard AWS variables and profiles choose account, credentials and endpoint. Exit codes: 0 done, 1 failed,
    2 a file or argument that can't be used, 130 interrupted.
    """
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def adopt(site: SiteName = "") -> None:
    """Read the live distribution, bucket and service into imports/SITE/, once adopting them proves to change nothing.

    Nothing in the account is changed. Files are written only if the plan of the adopt stage reads exactly
    "3 to import, 0 to add, 0 to change, 0 to destroy".
    """
    from bascule.adopt import adopt as run

    session = _session(site)
    done = run(session)
    for path in done.written:
        typer.echo(f"wrote     {_relative(path)}")
    for path in done.unchanged:
        typer.echo(f"unchanged {_relative(path)}")


@app.command()
def synth(
    site: SiteName = "",
    stage: Annotated[
        Stage | None, typer.Option(help="Look at another stage; written below cdktf.out/preview/.")
    ] = None,
) -> None:
    """Write the Terraform configuration: cdktf.out/ for Terraform, rendered/SITE/main.tf for reviewers.

    Needs no AWS account and no Terraform.
    """
    from bascule import synth as synthesis

    workspace = Workspace.here()
    name = workspace.named(site)
    if stage is None:
        folder = synthesis.synthesize_and_render(workspace, name)
        typer.echo(f"{name}: {_relative(folder)}/cdk.tf.json, {_relative(workspace.rendered(name))}/main.tf")
    else:
        folder = synthesis.preview(workspace, name, stage)
        typer.echo(f"{name} at {stage} (a preview): {_relative(folder.parent.parent)}")


@app.command()
def plan(
    site: SiteName = "",
    stage: Annotated[Stage | None, typer.Option(help="Look at another stage; the plan can't be applied.")] = None,
) -> None:
    """Plan the next step from the rung reached to the one wanted, and save it for `bascule apply`."""
    from bascule import plans
    from bascule.session import configure, prepare

    session = _session(site)
    if stage is not None:
        typer.echo(f"a preview, which can't be applied:\n{plans.told(plans.preview(session, stage))}")
        return
    state = prepare(session)
    for address in half_made(state):
        typer.echo(f"{address} was being created when an apply was interrupted: `bascule apply` finishes it first")
    step = plans.next_step(session, state)
    configure(session, step)
    planned = plans.make(session, step)
    typer.echo(plans.told(planned))
    if plans.read_note(session.directory) is not None:
        typer.echo(f"in full:  terraform -chdir={_relative(session.directory)} show {plans.PLAN_FILE}")
        typer.echo(f"apply it: {_command()} apply {session.name}")


@app.command()
def apply(site: SiteName = "", yes: Yes = False) -> None:
    """Go to the stage that the site file asks for, step by step.

    The saved plan is used if it is for the next step and nothing has changed since; otherwise a plan is made, shown and
    asked about. Before a step, the account is looked at: visitors are only ever sent to healthy targets.
    """
    from bascule.climb import climb

    session = _session(site)
    typer.echo(f"{session.name} is at {climb(session, _asking(session, yes))}")


@app.command()
def rollback(site: SiteName = "", yes: Yes = False) -> None:
    """Send visitors back to the bucket: one apply, from serve or retire to connect.

    Sets `stage` in the site file, that one line, and prints the commit to make.
    """
    from bascule.climb import roll_back

    session = _session(site)
    typer.echo(roll_back(session, _asking(session, yes)))


@app.command()
def status(site: SiteName = "") -> None:
    """Show the rung wanted and the rung reached, the account, and the last plan."""
    from bascule.status import status as run

    typer.echo(run(_session(site)))


@app.command()
def demo() -> None:
    """Run the whole ladder, up and down, in the sandbox: real Terraform, no AWS account. Takes some eight minutes.

    Works in a copy below .bascule/ and cleans up after itself.
    """
    from bascule.demo import demo as run

    run(Workspace.here(), typer.echo)


@secret_app.command()
def create(site: SiteName = "") -> None:
    """Create the SSM SecureString that the site file names, with 32 random bytes as lowercase hex."""
    from bascule import aws, secret
    from bascule.site_file import load

    workspace = Workspace.here()
    name = workspace.named(site)
    wanted = load(workspace.site_file(name))
    clients = aws.clients(wanted.region)
    identity = aws.identity(clients, wanted.region)
    typer.echo(f"{name}: {identity}")
    if wanted.account not in (None, identity.account):
        raise InputError(
            f"the site is in account {wanted.account}",
            where=f"credentials of account {identity.account}",
            remedy="use credentials of the site's account, e.g. by AWS_PROFILE",
        )
    secret.create(clients, wanted.origin.secret_parameter)
    typer.echo(f"created SSM parameter {wanted.origin.secret_parameter}; its value is shown nowhere")


@sandbox_app.command()
def start(
    account: Annotated[
        Path | None, typer.Option(help="Data file of another account.", show_default="the audited one")
    ] = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", show_default="any free one", min=0, max=65535)] = 0,
) -> None:
    """Start the sandbox of this checkout."""
    from bascule.sandbox import control

    running = control.start(_sandbox_root(), account=account, port=port)
    typer.echo(f"{'already running' if running.already else 'running'} at {running.endpoint}, pid {running.pid}")
    typer.echo(f'use it:  eval "$({_command()} sandbox env)"   (in a shell of its own: it sets AWS variables)')


@sandbox_app.command()
def stop() -> None:
    """Stop the sandbox of this checkout; what it held is gone."""
    from bascule.sandbox import control

    typer.echo("stopped" if control.stop(_sandbox_root()) else "not running")


@sandbox_app.command("status")
def sandbox_status() -> None:
    """Say whether the sandbox of this checkout is running, and where."""
    from bascule.sandbox import control

    running = control.status(_sandbox_root())
    if running is None:
        typer.echo("not running")
        raise typer.Exit(1)
    typer.echo(f"running at {running.endpoint}, pid {running.pid}, account {running.account_id}, {running.region}")


@sandbox_app.command()
def env() -> None:
    """Print shell exports that point AWS clients, Terraform and bascule at the sandbox."""
    from bascule.sandbox import control

    running = control.status(_sandbox_root())
    if running is None:
        raise control.not_running(_sandbox_root())
    typer.echo(control.shell_exports(control.environment(running)), nl=False)


def _session(site: str) -> Session:
    from bascule.session import open_session

    workspace = Workspace.here()
    return open_session(workspace, workspace.named(site), typer.echo)


def _asking(session: Session, yes: bool) -> Ask:
    def ask(planned: Planned) -> bool:
        if yes:
            return True
        if not sys.stdin.isatty():
            raise InputError("nobody to ask", where="standard input", remedy="pass --yes to apply without a question")
        try:
            where = session.identity.endpoint or "AWS"
            return typer.confirm(f"Apply this to account {session.identity.account} at {where}?")
        except typer.Abort:
            raise KeyboardInterrupt from None

    return ask


def _command() -> str:
    """How this command was called, so that what it tells to type works as it stands."""
    called = Path(sys.argv[0])
    return "bascule" if shutil.which("bascule") else str(_relative(called))


def _sandbox_root() -> Path:
    return Workspace.here().scratch() / "sandbox"


def _relative(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
