"""The command line: each command opens a session and calls the one function that does the work.

Nothing heavy is imported here, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from bascule import __version__, cli_account, cli_sandbox, files
from bascule.cli_account import SiteName, takes_colour
from bascule.cli_sandbox import command
from bascule.errors import InputError
from bascule.formats import Format, PlainFormat
from bascule.ladder import Stage, half_made
from bascule.workspace import Workspace, short

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
secret_app = typer.Typer(no_args_is_help=True, help="The header by which the load balancer knows CloudFront.")
app.add_typer(cli_sandbox.app, name="sandbox")
app.add_typer(secret_app, name="secret")

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

    session = _session(site)
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

    session = _session(site)
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


@app.command(short_help="Go to the stage that the site file asks for.")
def apply(site: SiteName = "", yes: Yes = False) -> None:
    """Go to the stage that the site file asks for, step by step.

    The saved plan is used if it is for the next step and nothing has changed since; otherwise a plan is made, shown and
    asked about. Before a step, the account is looked at: visitors are only ever sent to healthy targets.
    """
    from bascule.climb import climb

    session = _session(site)
    at = climb(session, asking(session, yes))
    typer.echo(f"{session.name} is at {at}")
    if at.at_least(Stage.SERVE):
        typer.echo(
            f"CloudFront may answer from its caches until they are invalidated:  {command()} invalidate --site "
            f"{session.name}\nThen see what visitors get:  {command()} verify {session.name}"
        )


@app.command(short_help="Move the site: climb, observe, invalidate, verify, and back if need be.")
def cutover(
    site: SiteName = "",
    to: Annotated[Stage, typer.Option(help="The rung to climb to.")] = Stage.SERVE,
    yes: Yes = False,
    no_rollback: Annotated[
        bool, typer.Option("--no-rollback", help="Leave visitors where they are if what is seen afterwards is wrong.")
    ] = False,
) -> None:
    """Move the site rung by rung: plan, rules, your yes, apply, and what has to be observed before the next rung.

    At `serve` CloudFront's caches are invalidated, and the site is asked what `bascule verify` asks. If a gate or that
    fails once visitors are sent to the load balancer, they are sent back to the bucket, and that is verified too.

    Sets `stage` in the site file, that one word. Stopped or killed at any moment, running it again goes on from what
    the state and the account show.
    """
    from bascule.cutover import cut_over

    session = _session(site)
    typer.echo(cut_over(session, asking(session, yes), to=to, goes_back=not no_rollback))


@app.command(short_help="Send visitors back to the bucket.")
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
    session = _session(site)
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
    if not yes and not _says_yes("Put it back?"):
        raise Declined("nothing put back")
    direct.put_back(found, swap)
    if not Stage.CONNECT.at_least(found.site.stage):
        want_connect(workspace, found.name, typer.echo)
    typer.echo(f"put back; `{command()} plan {found.name}` shows what Terraform's state has to catch up with")
    require_bucket(found, typer.echo)


@app.command(short_help="Show rung wanted and reached, account, last plan.")
def status(site: SiteName = "") -> None:
    """Show the rung wanted and the rung reached, the account, and the last plan."""
    from bascule.status import status as run

    typer.echo(run(_session(site)))


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

    session = _session(site)
    typer.echo(run(session, asking(session, yes)))


def _session(site: str) -> Session:
    from bascule.preflight import ready
    from bascule.renderers import text
    from bascule.session import open_session

    workspace = Workspace.here()
    session = open_session(workspace, workspace.named(site), typer.echo)
    return replace(session, show=partial(text.render, colour=takes_colour()), ready=ready)


def _reviewed(session: Session, planned: Planned) -> None:
    """Show the review of a plan; a blocked one ends the command in 1."""
    from bascule.guard import Judgement

    found = planned.review(session.name, session.site, session.identity.account)
    typer.echo(session.show(found))
    if found.judgement is Judgement.BLOCKED:
        raise typer.Exit(1)


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
                        remedy=f"`{command()} plan {session.name}` shows it; then apply it",
                    )
            return True
        where = session.identity.endpoint or "AWS"
        return _says_yes(f"Apply this to account {session.identity.account} at {where}?")

    return ask


def _says_yes(question: str) -> bool:
    """What a person answers at the terminal. Raises InputError where there is none."""
    if not sys.stdin.isatty():
        raise InputError("nobody to ask", where="standard input", remedy="pass --yes to apply without a question")
    try:
        return typer.confirm(question)
    except typer.Abort:
        raise KeyboardInterrupt from None
