"""`bascule sandbox`: the local stand-in for AWS, from the command line."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bascule.workspace import Workspace, short

if TYPE_CHECKING:
    from bascule.sandbox.control import Edge

app = typer.Typer(no_args_is_help=True, help="A local stand-in for AWS that holds the audited account.")


@app.command()
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
    _say_site(running.edge)
    typer.echo(f'use it:  eval "$({command()} sandbox env)"   (in a shell of its own: it sets AWS variables)')


@app.command()
def stop() -> None:
    """Stop the sandbox of this checkout; what it held is gone."""
    from bascule.sandbox import control

    typer.echo("stopped" if control.stop(_sandbox_root()) else "not running")


@app.command("status")
def sandbox_status() -> None:
    """Say whether the sandbox of this checkout is running, and where."""
    from bascule.sandbox import control

    running = control.status(_sandbox_root())
    if running is None:
        typer.echo("not running")
        raise typer.Exit(1)
    typer.echo(f"running at {running.endpoint}, pid {running.pid}, account {running.account_id}, {running.region}")
    _say_site(running.edge)


@app.command()
def env() -> None:
    """Print shell exports that point AWS clients, Terraform and bascule at the sandbox."""
    from bascule.sandbox import control

    running = control.status(_sandbox_root())
    if running is None:
        typer.echo("false")  # what is evaluated fails, and nothing after it goes to AWS instead
        raise control.not_running(_sandbox_root())
    typer.echo(control.shell_exports(control.environment(running)), nl=False)


@app.command("set")
def set_switch(
    switch: Annotated[str, typer.Argument(help="broken, unhealthy, never_steady: of the services named; undeployed.")],
    services: Annotated[
        list[str] | None, typer.Argument(metavar="[SERVICE...]", help="Names of services.", show_default="none: off")
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Turn undeployed off again.")] = False,
) -> None:
    """Break something, to see what bascule does about it; without a service's name it is mended again.

    \b
      broken        the application fails on everything but what its health check asks
      unhealthy     its targets fail their health check
      never_steady  its next deployment never starts a task
      undeployed    a distribution that is updated stays InProgress, until --off
    """
    from bascule.errors import InputError
    from bascule.sandbox import control

    if switch not in ("broken", "unhealthy", "never_steady", "undeployed"):
        raise InputError(f"no switch {switch!r}", where="SWITCH", remedy=f"{command()} sandbox set --help lists them")
    running = control.status(_sandbox_root())
    if running is None:
        raise control.not_running(_sandbox_root())
    value = not off if switch == "undeployed" else services or []
    control.configure(running, **{switch: value})
    typer.echo(f"{switch}: {', '.join(services) if services else 'on' if value else 'off'}")


def command() -> str:
    """How this command was called, so that what it tells to type works as it stands."""
    called = Path(sys.argv[0])
    return "bascule" if shutil.which("bascule") else str(short(called))


def _say_site(edge: Edge) -> None:
    """Where the edge of the sandbox is, and how to ask it; nothing where no distribution answers for any name."""
    if edge.host:
        typer.echo(f"its site, at {edge.https[0]}:{edge.https[1]}:  {edge.curl}")


def _sandbox_root() -> Path:
    return Workspace.here().scratch() / "sandbox"
