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
