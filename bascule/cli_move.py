"""`bascule apply`, `cutover`, `rollback` and `secret`: what moves visitors, and who is asked before."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from bascule import cli_account
from bascule.cli_account import SiteName, takes_colour
from bascule.cli_sandbox import command
from bascule.errors import InputError
from bascule.ladder import Stage
from bascule.workspace import Workspace

if TYPE_CHECKING:
    from bascule.climb import Ask
    from bascule.plans import Planned
    from bascule.session import Session

secret_app = typer.Typer(no_args_is_help=True, help="The header by which the load balancer knows CloudFront.")

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before applying. Every check still runs.")]


def apply(site: SiteName = "", yes: Yes = False) -> None:
    """Go to the stage that the site file asks for, step by step.

    The saved plan is used if it is for the next step and nothing has changed since; otherwise a plan is made, shown and
    asked about. Before a step, the account is looked at: visitors are only ever sent to healthy targets.
    """
    from bascule.climb import climb

    session = opened(site)
    at = climb(session, asking(session, yes))
    typer.echo(f"{session.name} is at {at}")
    if at.at_least(Stage.SERVE):
        typer.echo(
            f"CloudFront may answer from its caches until they are invalidated:  {command()} invalidate --site "
            f"{session.name}\nThen see what visitors get:  {command()} verify {session.name}"
        )


def cutover(
    site: SiteName = "",
    to: Annotated[Stage, typer.Option(help="The rung to climb to.")] = Stage.SERVE,
    yes: Yes = False,
    no_rollback: Annotated[
        bool, typer.Option("--no-rollback", help="Leave visitors where they are if what is seen afterwards is wrong.")
    ] = False,
) -> None:
    """Move the site rung by rung: plan, rules, your yes, apply, and what has to be observed before the next rung.

    At `serve` CloudFront's caches are invalidated, and the site is asked what `bascule verify` asks. If visitors aren't
    answered by the application then, they are sent back to the bucket, and that is verified too (docs/cutover.md).

    Sets `stage` in the site file, that one word. Stopped or killed at any moment, running it again goes on from what
    the state and the account show.
    """
    from bascule.cutover import cut_over

    session = opened(site)
    typer.echo(cut_over(session, asking(session, yes), to=to, goes_back=not no_rollback))


def rollback(
    site: SiteName = "",
    yes: Yes = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan; change nothing.")] = False,
    direct: Annotated[
        bool, typer.Option("--direct", help="Past Terraform: put the distribution's config of before back by API.")
    ] = False,
) -> None:
    """Send visitors back to the bucket: one apply, from serve or retire to connect. Then CloudFront's caches are
    invalidated, and the site is asked whether the old page is served.

    Sets `stage` in the site file, that one line, and prints the commit to make.

    --direct is for when the state is locked, its backend is down, or Terraform can't plan. It needs no Terraform: the
    config that is kept of every plan goes back in one call, refused if somebody changes the distribution meanwhile.
    """
    from bascule.confirmation import require_bucket
    from bascule.rollback import rehearse, roll_back

    if direct:
        _directly(site, yes, dry_run)
        return
    session = opened(site)
    if dry_run:
        typer.echo(rehearse(session))
        return
    went = roll_back(session, asking(session, yes, strict=False))
    typer.echo(went.told)
    if went.in_front:
        require_bucket(session, typer.echo)


def _directly(site: str, yes: bool, dry_run: bool) -> None:
    """`bascule rollback --direct`."""
    from bascule import direct
    from bascule.climb import Declined
    from bascule.confirmation import require_bucket
    from bascule.wanted import want_connect

    found, workspace = cli_account.account(site), Workspace.here()
    swap = direct.swap(found, workspace.way_back(found.name))
    if swap is None:
        typer.echo("nothing to roll back: visitors aren't sent to the load balancer")
        return
    typer.echo(direct.told(swap))
    if dry_run:
        return
    if yes:
        direct.require_ours(swap, found.site)
    elif not _says_yes("Put it back?"):
        raise Declined("nothing put back")
    direct.put_back(found, swap)
    if not Stage.CONNECT.at_least(found.site.stage):
        want_connect(workspace, found.name, typer.echo)
    typer.echo(f"put back; once Terraform works again, `{command()} apply {found.name}` lets its state catch up")
    typer.echo(f"Commit it:   git commit -m 'Roll {found.name} back' sites/{found.name}.toml rendered/{found.name}")
    require_bucket(found, typer.echo)


@secret_app.command()
def create(site: SiteName = "") -> None:
    """Create the SSM SecureString that the site file names, with 32 random bytes as lowercase hex."""
    from bascule import secret

    found = cli_account.account(site)
    secret.create(found.clients, found.site.origin.secret_parameter)
    typer.echo(f"created SSM parameter {found.site.origin.secret_parameter}; its value is shown nowhere")


@secret_app.command(short_help="Rotate the secret header to a new value.")
def rotate(site: SiteName = "", yes: Yes = False) -> None:
    """Rotate the secret header to a new value, in three steps in which no request is refused.

    \b
      1  SSM holds old,new: apply; the ALB accepts both
      2  SSM holds new,old: apply; CloudFront sends the new one; wait until it is deployed everywhere
      3  SSM holds new:     apply; the ALB refuses the old one

    Each apply changes the listener rule's condition or the header of the distribution's origin, and nothing else. It
    is shown and asked about; no value is ever shown. Stopped at any point, running it again goes on from what SSM,
    CloudFront and the ALB hold. A value that somebody put in the place of the one that CloudFront sends is rotated to
    in the same way. Below `build`, where nothing uses the secret, a new value is put in its place.
    """
    from bascule.rotating import rotate as run

    if not yes:
        _require_terminal()  # before the first value is put anywhere
    session = opened(site)
    typer.echo(run(session, asking(session, yes)))


def opened(site: str) -> Session:
    """The site's session, as commands that run Terraform need it."""
    from bascule.preflight import ready
    from bascule.renderers import text
    from bascule.session import open_session

    workspace = Workspace.here()
    session = open_session(workspace, workspace.named(site), typer.echo)
    return replace(session, show=partial(text.render, colour=takes_colour()), ready=ready)


def asking(session: Session, yes: bool, *, strict: bool = True) -> Ask:
    """Asks at the terminal; with `yes` nobody is asked. With `strict` a plan that nobody has read goes without a
    question only if every rule holds.
    """

    def ask(planned: Planned) -> bool:
        if yes:
            if strict and not planned.reviewed:
                from bascule.guard import Judgement

                found = planned.review(session.name, session.site, session.identity.account)
                if found.judgement is not Judgement.SAFE:
                    raise InputError(
                        f"this plan is for a person's eyes ({found.judgement}), and nobody has read it",
                        where="--yes",
                        remedy=f"without --yes it is asked about; or `{command()} plan {session.name}` shows it for "
                        f"`{command()} apply`",
                    )
            return True
        where = session.identity.endpoint or "AWS"
        return _says_yes(f"Apply this to account {session.identity.account} at {where}?")

    return ask


def _says_yes(question: str) -> bool:
    """What a person answers at the terminal. Raises InputError where there is none."""
    _require_terminal()
    try:
        return typer.confirm(question)
    except typer.Abort:
        raise KeyboardInterrupt from None


def _require_terminal() -> None:
    if not sys.stdin.isatty():
        raise InputError("nobody to ask", where="standard input", remedy="pass --yes to apply without a question")
