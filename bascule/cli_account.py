"""`bascule audit`, `preflight` and `policy`: what the account holds, what stands in the way, and what roles need."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bascule.errors import InputError
from bascule.formats import AuditFormat, Expect, Language, PlainFormat, PolicyKind, Via
from bascule.ladder import Stage
from bascule.workspace import Workspace

if TYPE_CHECKING:
    from bascule.aws import Clients, Identity
    from bascule.journal import Record
    from bascule.planned_values import World
    from bascule.site import Site

SiteName = Annotated[str, typer.Argument(metavar="SITE", help="Name of sites/SITE.toml.", show_default="the only site")]


@dataclass(frozen=True)
class Account:
    """A site and the account that credentials belong to; no Terraform."""

    name: str
    site: Site
    adopted_in: str | None
    """The account that `bascule adopt` recorded, where it did."""
    clients: Clients
    identity: Identity
    record: Record
    """Keeps the journal."""


def account(site: str, *, anywhere: bool = False) -> Account:
    """The site and its account. Raises InputError for credentials of another account, unless `anywhere`."""
    from bascule import adopted, aws, journal
    from bascule.site_file import load

    workspace = Workspace.here()
    name = workspace.named(site)
    wanted = load(workspace.site_file(name))
    recorded = adopted.account(workspace, name)
    expected = wanted.account or recorded
    clients = aws.clients(wanted.region)
    identity = aws.identity(clients, wanted.region)
    typer.echo(f"{name}: {identity}", err=True)
    if not anywhere and expected not in (None, identity.account):
        raise InputError(
            f"the site is in account {expected}",
            where=f"credentials of account {identity.account}",
            remedy="use credentials of the site's account, e.g. by AWS_PROFILE",
        )
    record = journal.recorder(workspace.journal(name), identity.arn)
    return Account(name, wanted, recorded, clients, identity, record)


def audit(
    site: SiteName = "",
    format: Annotated[AuditFormat, typer.Option(help="How to show it.")] = AuditFormat.TEXT,
    language: Annotated[Language, typer.Option(help="The document's language; JSON has none.")] = Language.EN,
    since: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Say what changed since an audit kept as JSON.")
    ] = None,
) -> None:
    """Write down what the account holds of the site, which ways are open to it, and what there is to do.

    Reads only. A call that this role may not make is told as unknown, with the permission that it needs. Keep one with
    --format json to compare a later one with.
    """
    from bascule import progress, survey
    from bascule.audit.changes import changes
    from bascule.audit.document import Audit, document
    from bascule.audit.facts import facts
    from bascule.language import say_in
    from bascule.renderers import audit_json, audit_markdown, audit_text

    earlier = audit_json.read(_text(since), str(since)) if since else None
    found = account(site)
    if earlier is not None and earlier.site != found.name:
        raise InputError(f"it is an audit of the site {earlier.site}, not of {found.name}", where=str(since))
    with progress.reading("reading the account") as on_call:
        read = survey.take(found.clients, found.identity, found.site, on_call=on_call)
    told = facts(read, found.site)
    made = Audit(
        found.name,
        read.read_at.date(),
        told,
        earlier.made if earlier else None,
        changes(earlier.facts, told) if earlier else (),
    )
    if format is AuditFormat.JSON:
        shown = audit_json.render(made)
    else:
        renderer = audit_markdown if format is AuditFormat.MARKDOWN else audit_text
        shown = renderer.render(document(made), say_in(language))
    typer.echo(shown.rstrip("\n"))


def preflight(
    site: SiteName = "",
    stage: Annotated[
        Stage, typer.Option(help="Check what the move up to this stage needs.", show_default="the whole move")
    ] = Stage.RETIRE,
    format: Annotated[PlainFormat, typer.Option(help="How to show it.")] = PlainFormat.TEXT,
    explain: Annotated[str, typer.Option(metavar="CHECK", help="Say what a check is about instead.")] = "",
) -> None:
    """Check what would stop the move before Terraform finds out half way. Reads only; ends in 1 if anything fails.

    Each check passes, warns, fails, or is unknown where the account couldn't be asked, with what was seen and what to
    do about it. `bascule plan` and `bascule apply` run those that matter for their stage.
    """
    from bascule import checks, preflight, progress
    from bascule.renderers import checks_json, checks_text

    if explain:
        typer.echo(checks.explain(checks.find(explain)))
        return
    found = account(site, anywhere=True)
    subject = preflight.Subject(found.name, found.site, found.adopted_in, found.clients, found.identity)
    with progress.reading("checking the account") as on_call:
        findings = preflight.run(subject, stage, on_call=on_call)
    if format is PlainFormat.JSON:
        typer.echo(checks_json.render(findings, found.name, stage), nl=False)
    else:
        typer.echo(checks_text.render(findings, colour=takes_colour()))
        typer.echo(preflight.counted(findings))
    if any(finding.outcome is checks.Outcome.FAIL for finding in findings):
        raise typer.Exit(1)


def verify(
    site: SiteName = "",
    via: Annotated[
        Via, typer.Option(help="dns: as visitors come; cloudfront: by the distribution's own name.")
    ] = Via.DNS,
    expect: Annotated[
        Expect | None, typer.Option(help="Who is to answer.", show_default="whom the distribution sends visitors to")
    ] = None,
    format: Annotated[PlainFormat, typer.Option(help="How to show it.")] = PlainFormat.TEXT,
) -> None:
    """Ask the real site what visitors ask it, and say whether the right one answers. Ends in 1 unless all pass.

    Names, redirect to HTTPS, certificate, HTTP/2, the page itself, assets, POST, cookies; and that load balancer and
    tasks don't answer from outside. What to expect is in [verify] of the site file.
    """
    from bascule import confirmation
    from bascule.renderers import verify_json, verify_text
    from bascule.verify import run

    found = account(site)
    expected, rows = confirmation.verify(found, expect, via)
    if format is PlainFormat.JSON:
        typer.echo(verify_json.render(rows, found.name, expected), nl=False)
    else:
        typer.echo(verify_text.render(rows, colour=takes_colour()))
    if not run.all_pass(rows):
        raise typer.Exit(1)


def invalidate(
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Paths.", show_default="/*")] = None,
    site: Annotated[str, typer.Option(help="Name of sites/SITE.toml.", show_default="the only site")] = "",
) -> None:
    """Wait until every edge has the distribution's config, invalidate CloudFront's caches, and wait until that is
    completed."""
    from bascule import confirmation, invalidation

    wanted = tuple(paths or invalidation.EVERYTHING)
    invalidation.check(wanted)
    typer.echo(confirmation.invalidate(account(site), lambda line: typer.echo(line, err=True), wanted))


def live_world(name: str) -> tuple[World, str]:
    """What the account holds of the site, for `bascule trace --live`, and what it is in words. Says what of it couldn't
    be read."""
    from bascule import live_values, progress, tracing

    found = account(name)
    with progress.reading("reading the account") as on_call:
        world, source = tracing.live(found.clients, found.identity, found.site, on_call)
    for one in live_values.unread(world):
        typer.echo(f"not read: {one}", err=True)
    return world, source


def policy(
    kind: Annotated[PolicyKind, typer.Argument(help="Who it is for.", show_default=False)], site: SiteName = ""
) -> None:
    """Print an IAM policy for a role that works on the site, with its ids filled in.

    \b
      audit   reads the account: bascule audit, preflight, verify and trace --live
      plan    reads what Terraform and bascule plan with, and the state
      apply   does the whole move, up and down
      deny    for any role: keeps what was adopted from being deleted, whatever else allows it
    """
    from bascule import adopted, policies
    from bascule.site_file import load

    workspace = Workspace.here()
    name = workspace.named(site)
    wanted = load(workspace.site_file(name))
    in_account = wanted.account or adopted.account(workspace, name) or account(site).identity.account
    typer.echo(json.dumps(policies.document(kind.value, wanted, in_account), indent=2))


def takes_colour() -> bool:
    """Whether standard output takes colour: a terminal, and NO_COLOR is not set (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"it can't be read: {error}", where=str(path)) from None
