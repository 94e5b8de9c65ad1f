"""The command line as people meet it: help, exit codes, messages, and what `synth` writes."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from example import TEXT
from typer.testing import CliRunner

from bascule import __version__, demo, plans, site_file
from bascule.cli import app
from bascule.formats import Format
from bascule.ladder import Stage
from bascule.workspace import Workspace

ROOT = Path(__file__).parent.parent
SITE_COMMANDS = [
    "adopt",
    "synth",
    "plan",
    "review",
    "diff",
    "apply",
    "rollback",
    "status",
    "secret create",
    "secret rotate",
]
OTHER_COMMANDS = ["demo", "sandbox start", "sandbox stop", "sandbox status", "sandbox env"]
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def environment(home: Path, **more: str) -> dict[str, str]:
    """A machine without AWS: no credentials in variables, files, or the instance's metadata."""
    plain = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true"}
    return plain | more


def bascule(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """What a command does in `folder`, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "bascule", *arguments],
        cwd=folder,
        env=environment(folder, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def assert_fails(done: subprocess.CompletedProcess[str], code: int, *parts: str) -> None:
    """The exit code, and a short message on stderr that holds all parts; never a traceback."""
    assert code == done.returncode, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 24
    for part in parts:
        assert part in done.stderr


def workspace(root: Path, **sites: str) -> Path:
    """A folder with these site files."""
    (root / "sites").mkdir(parents=True)
    for name, text in sites.items():
        (root / "sites" / f"{name}.toml").write_text(text)
    return root


# Help


@pytest.mark.parametrize("command", SITE_COMMANDS + OTHER_COMMANDS)
def test_help_begins_with_what_the_command_does(command: str) -> None:
    """One sentence, and SITE where the command is about a site."""
    shown = CliRunner().invoke(app, [*command.split(), "--help"], prog_name="bascule")
    assert 0 == shown.exit_code
    usage, _, summary = shown.output.strip().split("\n")[:3]
    assert usage.startswith(f"Usage: bascule {command}")
    assert summary.startswith("  ")
    assert summary.strip()[0].isupper()
    assert (command in SITE_COMMANDS) == ("SITE" in usage)


def test_help_names_every_command_and_the_exit_codes(tmp_path: Path) -> None:
    """And every rung of the ladder."""
    done = bascule(tmp_path, "--help")
    assert (0, "") == (done.returncode, done.stderr)
    commands = done.stdout.split("Commands:")[1]
    for command in SITE_COMMANDS + OTHER_COMMANDS:
        assert f"  {command.split()[0]} " in commands
    for stage in Stage:
        assert f"    {stage} " in done.stdout
    for exit_code in ("0 done", "1 failed", "2 a file or argument", "130 interrupted"):
        assert exit_code in " ".join(done.stdout.split())


def test_version(tmp_path: Path) -> None:
    """The package's own."""
    assert f"{__version__}\n" == bascule(tmp_path, "--version").stdout


# What a person wrote: exit code 2


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["synth"], ["bascule: no site file", "run bascule in the folder that holds sites/"]),
        (["climb"], ["No such command 'climb'"]),
        (["plan", "--stage", "up"], ["--stage", "'none', 'adopt', 'build'"]),
    ],
)
def test_arguments_that_cannot_be_used(tmp_path: Path, arguments: list[str], parts: list[str]) -> None:
    """Said before anything else happens."""
    assert_fails(bascule(tmp_path, *arguments), 2, *parts)


def test_one_site_of_two_has_to_be_named(tmp_path: Path) -> None:
    """The message names both."""
    workspace(tmp_path, one=TEXT, two=TEXT)
    assert_fails(bascule(tmp_path, "status"), 2, "which site?", "name one of one, two")


@pytest.mark.parametrize(
    ("name", "what"),
    [("three", "no such site file"), ("../one", "'../one' is no site's name"), ("One", "'One' can't be a site's name")],
)
def test_a_site_that_is_not(tmp_path: Path, name: str, what: str) -> None:
    """Absent, a path, or no name that a load balancer could have."""
    workspace(tmp_path, one=TEXT)
    assert_fails(bascule(tmp_path, "synth", name), 2, f"bascule: {what}\n")


BAD_SITES = {
    "a terminal's escape": (b'"\\u001b[2J" = 1\n' + TEXT.encode(), "\\x1b[2J: unknown key"),
    "cut short": (TEXT.encode()[:200], "not TOML"),
    "other bytes": (b"\xff\xfe\x00", "not UTF-8 text"),
    "deep": (b"x = " + b"[" * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize(("raw", "reason"), BAD_SITES.values(), ids=BAD_SITES)
def test_a_bad_site_file(tmp_path: Path, raw: bytes, reason: str) -> None:
    """File, key and reason, on one screen, as a terminal may show them."""
    workspace(tmp_path, example="")
    (tmp_path / "sites" / "example.toml").write_bytes(raw)
    done = bascule(tmp_path, "synth")
    assert_fails(done, 2, reason, "where:  sites/example.toml")
    assert [] == [c for c in done.stderr if not c.isprintable() and c != "\n"]


def test_a_site_that_is_not_adopted_yet(tmp_path: Path) -> None:
    """The error comes from the app, through the subprocess that synthesizes."""
    workspace(tmp_path, example=TEXT)
    assert_fails(bascule(tmp_path, "synth"), 2, "this site isn't adopted yet", "distribution.tf", "run `bascule adopt`")


# The machine and the account: exit code 1


ACCOUNTS: Mapping[str, tuple[dict[str, str], str, str]] = {
    "no credentials": ({}, "no AWS credentials", "remedy: set AWS_PROFILE"),
    "no such profile": ({"AWS_PROFILE": "prod"}, "(prod) could not be found", "remedy: correct AWS_PROFILE"),
    "an endpoint that is no address": ({**KEYS, "AWS_ENDPOINT_URL": "aws"}, "can't be used", "check AWS_ENDPOINT_URL"),
    "an endpoint where nobody listens": (
        {**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"},
        "AWS doesn't answer",
        "AWS_ENDPOINT_URL",
    ),
    "a setting that is no number": ({**KEYS, "AWS_MAX_ATTEMPTS": "many"}, "AWS settings can't be used", "remedy:"),
}


@pytest.mark.parametrize(("variables", "what", "remedy"), ACCOUNTS.values(), ids=ACCOUNTS)
def test_an_account_that_cannot_be_reached(tmp_path: Path, variables: dict[str, str], what: str, remedy: str) -> None:
    """The message says which setting to look at."""
    workspace(tmp_path, example=TEXT)
    assert_fails(bascule(tmp_path, "secret", "create", **variables), 1, what, remedy)


def test_without_terraform(tmp_path: Path) -> None:
    """Every command that runs it says where to get it; nothing else is asked first."""
    workspace(tmp_path, example=TEXT)
    assert_fails(bascule(tmp_path, "status", PATH=str(tmp_path), **KEYS), 1, "terraform", "remedy:")


def test_ctrl_c(tmp_path: Path) -> None:
    """Exit code 130, while AWS keeps the command waiting."""
    workspace(tmp_path, example=TEXT)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)  # for a command that never asks
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        command = subprocess.Popen(
            [sys.executable, "-m", "bascule", "secret", "create"],
            cwd=tmp_path,
            env=environment(tmp_path, **KEYS, AWS_ENDPOINT_URL=url),
            stderr=subprocess.PIPE,
            text=True,
        )
        with command, server.accept()[0]:
            command.send_signal(signal.SIGINT)
            _, said = command.communicate()
    assert 130 == command.returncode
    assert "Traceback" not in said


# What synth writes


def files(root: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path."""
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def adopted(root: Path) -> Path:
    """A workspace with the demo's site, at `connect`."""
    text = demo.SITE_FILE.read_text(encoding="utf-8")
    workspace(root, arquantix=site_file.with_stage(text, Stage.CONNECT, str(demo.SITE_FILE)))
    shutil.copytree(ROOT / "imports" / "arquantix", root / "imports" / "arquantix")
    return root


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace after `bascule synth`, on a machine without AWS, Terraform or network."""
    root = adopted(tmp_path_factory.mktemp("workspace"))
    done = bascule(root, "synth", PATH="/nowhere")
    assert 0 == done.returncode, done.stderr
    assert "arquantix: cdktf.out/stacks/arquantix/cdk.tf.json, rendered/arquantix/main.tf\n" == done.stdout
    assert "" == done.stderr
    return root


def test_synth_writes_the_json_and_the_hcl(synthesized: Path) -> None:
    """And the lock file of a new site; the site file and what was adopted stay."""
    before = files(adopted(synthesized.parent / "as-it-was"))
    after = files(synthesized)
    assert before == {path: after[path] for path in before}
    assert {
        "cdktf.out/manifest.json",
        "cdktf.out/stacks/arquantix/cdk.tf.json",
        "rendered/arquantix/.terraform.lock.hcl",
        "rendered/arquantix/main.tf",
    } == {path for path in after if path not in before}


def test_synth_writes_the_same_bytes_again_and_elsewhere(synthesized: Path, tmp_path: Path) -> None:
    """Same inputs, same bytes: a reviewer's diff shows decisions only."""
    before = files(synthesized)
    elsewhere = adopted(tmp_path / "a folder with spaces é" / "deep")
    for folder in (synthesized, elsewhere):
        done = bascule(folder, "synth", "arquantix", PYTHONHASHSEED="1", TZ="Asia/Dubai", LANG="C")
        assert 0 == done.returncode, done.stderr
        assert before == files(folder)


def test_a_preview_is_written_below_its_own_folder(synthesized: Path) -> None:
    """So it can't be applied, and no reviewer reads it by mistake."""
    before = files(synthesized)
    done = bascule(synthesized, "synth", "--stage", "serve")
    assert (0, "arquantix at serve (a preview): cdktf.out/preview/serve\n") == (done.returncode, done.stdout)
    after = files(synthesized)
    new = {path for path in after if path not in before}
    shutil.rmtree(synthesized / "cdktf.out" / "preview")
    assert before == {path: after[path] for path in before}
    assert new
    assert [] == [path for path in new if not path.startswith("cdktf.out/preview/serve/")]
    rendered = "cdktf.out/preview/serve/rendered/arquantix/main.tf"
    assert after[rendered] != before["rendered/arquantix/main.tf"]


def test_a_broken_adopted_file_stops_synth_and_leaves_what_was_written(synthesized: Path) -> None:
    """The message names the file and says how to get it back."""
    broken = synthesized / "imports" / "arquantix" / "service.tf"
    text, before = broken.read_text(), files(synthesized / "rendered")
    try:
        broken.write_text(text + "<<<<<<< HEAD\n")
        assert_fails(bascule(synthesized, "synth"), 2, "imports/arquantix/service.tf", "restore the file")
    finally:
        broken.write_text(text)
    assert before == files(synthesized / "rendered")


OWN_SITES = sorted((ROOT / "sites").glob("*.toml"))
"""The repository's own, which operators edit."""


@pytest.mark.parametrize("path", OWN_SITES, ids=lambda path: path.stem)
def test_the_repository_s_site_files_load(path: Path) -> None:
    """Whatever rung they ask for."""
    assert site_file.load(path).stage in Stage


@pytest.mark.parametrize("site", [path.stem for path in OWN_SITES])
def test_the_committed_rendering_is_what_synth_writes(tmp_path: Path, site: str) -> None:
    """`make synth` writes it anew."""
    for folder in ("sites", "imports"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    done = bascule(tmp_path, "synth", site)
    assert 0 == done.returncode, done.stderr
    committed = (ROOT / "rendered" / site / "main.tf").read_text()
    assert committed == (tmp_path / "rendered" / site / "main.tf").read_text(), "run: make synth"


# --- review and diff


def test_a_review_without_a_plan(tmp_path: Path) -> None:
    """What to do is said; neither AWS nor Terraform is asked."""
    done = bascule(workspace(tmp_path, example=TEXT), "review")
    assert_fails(done, 2, "there is no saved plan", "`bascule plan example` makes it anew")


def test_a_rule_is_explained(tmp_path: Path) -> None:
    """By its id, without a site; an id that isn't one gets the list."""
    done = bascule(tmp_path, "review", "--explain", "alb-open")
    assert 0 == done.returncode
    assert done.stdout.startswith("alb-open: the ALB is reachable from CloudFront's addresses")
    assert_fails(bascule(tmp_path, "review", "--explain", "nope"), 2, "no rule 'nope'", "alb-open")


def saved_plan(root: Path, comment: str) -> Path:
    """A workspace with a saved plan that changes the distribution's comment, and so is blocked."""
    folder = workspace(root, example=TEXT) / "cdktf.out" / "stacks" / "example"
    folder.mkdir(parents=True)
    change = {"actions": ["update"], "before": {"comment": "old"}, "after": {"comment": comment}}
    entry = {"address": "aws_cloudfront_distribution.site", "mode": "managed", "type": "aws_cloudfront_distribution"}
    document = {"format_version": "1.2", "resource_changes": [entry | {"change": change}]}
    for name, text in ((plans.PLAN_FILE, ""), ("cdk.tf.json", "{}"), (plans.PLAN_JSON, json.dumps(document))):
        (folder / name).write_text(text)
    note = plans.Note("example", "adopt", "build", "build", "", "", "2026-01-03", "123456789012")
    note = replace(note, fingerprint=plans.fingerprint(folder, note))
    (folder / plans.PLAN_NOTE).write_text(json.dumps(asdict(note)))
    return root


@pytest.mark.parametrize("format", Format)
def test_a_blocked_plan_is_shown_in_every_format(tmp_path: Path, format: Format) -> None:
    """With exit code 1, on standard output, and without colour in a pipe."""
    done = bascule(saved_plan(tmp_path, "<script>alert(1)</script>"), "review", "--format", format.value)
    assert (1, "") == (done.returncode, done.stderr)
    assert "BLOCKED" in done.stdout
    assert "\x1b" not in done.stdout
    assert ("<script>" in done.stdout) is (format is not Format.HTML)


def test_a_saved_plan_whose_bytes_were_changed_is_refused(tmp_path: Path) -> None:
    """A plan JSON that was edited by hand is not the plan."""
    saved_plan(tmp_path, "new")
    path = tmp_path / "cdktf.out" / "stacks" / "example" / plans.PLAN_JSON
    path.write_text(path.read_text().replace('"new"', '"old"'))
    assert_fails(bascule(tmp_path, "review"), 2, "not the plan that was made: its files were changed")


def test_a_fall_across_two_boundaries_ends_in_1(synthesized: Path, tmp_path: Path) -> None:
    """What changed is shown, from the files alone; from the revision that is named."""
    shutil.copytree(synthesized, tmp_path / "clone")
    root, identity = tmp_path / "clone", ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    demo.set_stage(Workspace(root), Stage.SERVE)
    for arguments in (["init", "-q", "-b", "main"], ["add", "sites", "rendered"], ["commit", "-q", "-m", "serving"]):
        subprocess.run(["git", "-C", root, *identity, *arguments], check=True)
    assert (0, "no difference\n") == (bascule(root, "diff").returncode, bascule(root, "diff").stdout)
    demo.set_stage(Workspace(root), Stage.ATTACH)
    done = bascule(root, "diff", "--base", "HEAD")
    assert 1 == done.returncode, done.stderr
    assert "stage: serve → attach, by 2 applies: connect, attach\n" in done.stdout
    assert_fails(bascule(root, "diff", "--base", "nope"), 2, "no revision 'nope'")


def test_a_diff_outside_a_repository(tmp_path: Path) -> None:
    """It compares with what git knows."""
    assert_fails(bascule(workspace(tmp_path, example=TEXT), "diff"), 2, "not in a git repository")
