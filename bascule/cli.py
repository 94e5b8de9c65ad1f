"""The command line: each command opens a session and calls the one function that does the work.

Nothing heavy is imported here, so that `--help` answers at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bascule import __version__, cli_account, cli_move, cli_sandbox, files
from bascule.cli_account import SiteName, takes_colour
from bascule.cli_sandbox import command
from bascule.errors import InputError
from bascule.formats import Format, PlainFormat
from bascule.ladder import Stage, half_made
from bascule.workspace import Workspace, short

if TYPE_CHECKING:
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
app.add_typer(cli_sandbox.app, name="sandbox")
app.add_typer(cli_move.secret_app, name="secret")


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
      bascule audit            what the account holds, which ways are open, and what there is to do
      bascule preflight        what would stop the move
      bascule adopt            read what is live and prove that adopting it changes nothing
      bascule secret create    make the secret header
      bascule cutover          rung by rung, observed, verified; back by itself if need be
      bascule rollback         back to the bucket, in one apply

    Or with a colleague: set stage = "connect", bascule plan, bascule apply; then the same with "serve".

    Standard AWS variables and profiles choose account, credentials and endpoint. Exit codes: 0 done, 1 failed,
    2 a file or argument that can't be used, 130 interrupted.
    """
    if version:
        typer.echo(__version__)
        raise typer.Exit


app.command(short_help="Write down what the account holds, and what there is to do.")(cli_account.audit)
app.command(short_help="Check what would stop the move.")(cli_account.preflight)
app.command(short_help="Print an IAM policy for this site.")(cli_account.policy)
app.command(short_help="Ask the real site what visitors ask it.")(cli_account.verify)
app.command(short_help="Invalidate CloudFront's caches, and wait.")(cli_account.invalidate)


@app.command(short_help="Read what is live, once that proves to change nothing.")
def adopt(site: SiteName = "") -> None:
    """Read the live distribution, bucket and service into imports/SITE/, once adopting them proves to change nothing.

    Nothing in the account is changed. Files are written only if the plan of the adopt stage reads exactly
    "3 to import, 0 to add, 0 to change, 0 to destroy".
    """
    from bascule.adopt import adopt as run

    session = cli_move.opened(site)
    done = run(session)
    for path in done.written:
        typer.echo(f"wrote     {short(path)}")
    for path in done.unchanged:
        typer.echo(f"unchanged {short(path)}")


@app.command(short_help="Write the Terraform JSON, and the HCL for reviewers.")
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
        typer.echo(f"{name}: {short(folder)}/cdk.tf.json, {short(workspace.rendered(name))}/main.tf")
    else:
        folder = synthesis.preview(workspace, name, stage)
        typer.echo(f"{name} at {stage} (a preview): {short(folder.parent.parent)}")


@app.command(short_help="Plan and review the next step.")
def plan(
    site: SiteName = "",
    stage: Annotated[Stage | None, typer.Option(help="Look at another stage; the plan can't be applied.")] = None,
) -> None:
    """Plan the next step from the rung reached to the one wanted, review it, and save it for `bascule apply`.

    The plan is put to the rules; the verdict is SAFE, REVIEW (something for a person's eyes) or BLOCKED, which is not
    applied and ends in 1.
    """
    from bascule import plans
    from bascule.session import configure, prepare
    from bascule.taking_in import take_in

    session = cli_move.opened(site)
    if stage is not None:
        typer.echo("a preview, which can't be applied:")
        preview = plans.preview(session, stage)
        typer.echo(f"its HCL: {short(session.workspace.preview(stage.value))}/rendered/{session.name}/main.tf")
        _reviewed(session, preview)
        return
    state = prepare(session)
    for address in half_made(state):
        typer.echo(f"{address} was being created when an apply was interrupted: `bascule apply` finishes it first")
    take_in(session, state)
    step = plans.next_step(session, state)
    session.ready(session, step.reached, True)
    configure(session, step)
    planned = plans.make(session, step, to_be_read=True)
    _reviewed(session, planned)
    if plans.read_note(session.directory) is not None:
        typer.echo(f"in full:  {command()} review {session.name}; apply it: {command()} apply {session.name}")


@app.command(short_help="Show the review of the saved plan.")
def review(
    site: SiteName = "",
    format: Annotated[Format, typer.Option(help="How to show it.")] = Format.TEXT,
    explain: Annotated[str, typer.Option(metavar="RULE", help="Say what a rule is about instead.")] = "",
) -> None:
    """Show the review of the saved plan. Needs no AWS account and no Terraform; ends in 1 if it is BLOCKED.

    markdown is a comment for a pull request, html one self-contained page, json for machines (docs/review.md).
    """
    if explain:
        from bascule import rules

        typer.echo(rules.explain(rules.find(explain)))
        return
    from bascule import plans
    from bascule.guard import Judgement
    from bascule.renderers import renderer, text
    from bascule.site_file import load

    workspace = Workspace.here()
    name = workspace.named(site)
    wanted, directory = load(workspace.site_file(name)), workspace.synthesized(name)
    found = plans.review_saved(directory, name, wanted)
    shown = text.render(found, colour=takes_colour()) if format is Format.TEXT else renderer(format)(found)
    typer.echo(shown.rstrip("\n"))
    if found.judgement is Judgement.BLOCKED:
        raise typer.Exit(1)


@app.command(short_help="Show what a request would meet.")
def trace(
    url: Annotated[str, typer.Argument(metavar="URL", help="A URL of the site, or a path.", show_default=False)],
    site: SiteName = "",
    method: Annotated[str, typer.Option(help="HTTP method.")] = "GET",
    header: Annotated[
        list[str] | None, typer.Option(metavar="NAME:VALUE", help="A header; may be given more than once.")
    ] = None,
    stage: Annotated[
        Stage | None,
        typer.Option(help="As it would be at this stage.", show_default="the saved plan's"),
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="As the account is now, which is read.")] = False,
) -> None:
    """Show what a request would meet: behavior, cache, what is forwarded, origin, security groups, listener, target.

    Nobody is asked for the page, and without --live nothing is asked of AWS: it is the planned configuration that
    answers, the saved plan if there is one and no --stage is given. What is known after apply only is said to be so,
    and with --live what this role may not read, with the permission that it needs.
    """
    from bascule import routing, tracing
    from bascule import trace as station

    if live and stage is not None:
        raise InputError("an account isn't at a stage", where="--live --stage", remedy="leave one of them out")
    workspace = Workspace.here()
    name = workspace.named(site)
    asked = routing.request(url, method, tracing.headers(header or []))
    if live:
        world, source = cli_account.live_world(name)
    else:
        world, source = tracing.world(workspace, name, stage)
    decision = routing.decide(routing.router(world), asked)
    typer.echo(f"{name}, {source}:")
    typer.echo(station.told(decision) if decision is not None else "there is no distribution")


@app.command(short_help="Show what changed in the HCL since a git revision.")
def diff(
    site: SiteName = "",
    base: Annotated[
        str, typer.Option(metavar="REV", help="Git revision to compare with.", show_default="where main was left")
    ] = "",
) -> None:
    """Show what changed in rendered/SITE/main.tf since a git revision, by resource and argument.

    Needs no AWS account and no Terraform. Ends in 1 if `stage` falls across more than one boundary: a run that applies
    the commit as it is would take things away in one apply, in the wrong order.
    """
    from bascule import git, hcl_diff
    from bascule.renderers import text
    from bascule.site_file import stage_of

    workspace = Workspace.here()
    name = workspace.named(site)
    revision = base or git.merge_base(workspace.root)
    rendered, written = (path.relative_to(workspace.root) for path in workspace.reviewed(name))
    old, new = git.show(workspace.root, revision, rendered), files.read(workspace.root / rendered)
    stages = (
        stage_of(git.show(workspace.root, revision, written), f"{written} at {revision}"),
        stage_of(files.read(workspace.root / written), str(written)),
    )
    typer.echo(text.render_diff(hcl_diff.compare(old, new, str(rendered)), *stages, colour=takes_colour()))
    if hcl_diff.falls_too_far(*stages):
        raise typer.Exit(1)


app.command(short_help="Go to the stage that the site file asks for.")(cli_move.apply)
app.command(short_help="Move the site: climb, observe, invalidate, verify, and back if need be.")(cli_move.cutover)
app.command(short_help="Send visitors back to the bucket.")(cli_move.rollback)


@app.command(short_help="Show rung wanted and reached, account, last plan.")
def status(site: SiteName = "") -> None:
    """Show the rung wanted and the rung reached, the account, and the last plan."""
    from bascule.status import status as run

    typer.echo(run(cli_move.opened(site)))


@app.command(short_help="Show who did what when.")
def log(
    site: SiteName = "",
    format: Annotated[PlainFormat, typer.Option(help="How to show it; json is one object a line.")] = PlainFormat.TEXT,
) -> None:
    """Show the journal of this workspace: what was adopted, which gates were seen, what was applied and rolled back.

    An entry that begins without an end is a run that died. Needs no AWS account and no Terraform.
    """
    from bascule import journal
    from bascule.site_file import load

    workspace = Workspace.here()
    name = workspace.named(site)
    load(workspace.site_file(name))  # a name that no site has is no empty journal
    path = workspace.journal(name)
    if format is PlainFormat.JSON:
        typer.echo(files.read(path), nl=False)
        return
    entries = journal.read(path)
    for line in journal.told(entries) if entries else ["nothing was done from this workspace yet"]:
        typer.echo(line)


@app.command(short_help="Walk the whole ladder in the sandbox.")
def demo() -> None:
    """Run the whole ladder, up and down, in the sandbox: real Terraform, no AWS account. Takes some eight minutes.

    Works in a copy below .bascule/ and cleans up after itself.
    """
    from bascule.demo import demo as run

    run(Workspace.here(), typer.echo)


def _reviewed(session: Session, planned: Planned) -> None:
    """Show the review of a plan; a blocked one ends the command in 1."""
    from bascule.guard import Judgement

    found = planned.review(session.name, session.site, session.identity.account)
    typer.echo(session.show(found))
    if found.judgement is Judgement.BLOCKED:
        raise typer.Exit(1)
