"""Real Terraform on configurations that need no provider, the real AWS provider offline, and a scripted Terraform."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bascule import terraform
from bascule.errors import BasculeError
from bascule.terraform import Changes, Interrupted, Terraform
from bascule.terraform_events import INTERRUPT

WAITING = """
resource "terraform_data" "first" {}
resource "terraform_data" "waiting" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "echo > reached && cat gate"
  }
}
resource "terraform_data" "last" {
  depends_on = [terraform_data.waiting]
}
"""
"""An apply of this says `reached` and goes on when someone opens the named pipe `gate`."""


class Gate:
    """The two named pipes by which an apply of WAITING is met in the middle."""

    def __init__(self, directory: Path) -> None:
        for name in ("reached", "gate"):
            os.mkfifo(directory / name)
        self._reached = os.open(directory / "reached", os.O_RDONLY | os.O_NONBLOCK)
        self._gate = os.open(directory / "gate", os.O_RDWR)

    def wait(self) -> None:
        """Return when the apply is there; the time limit is for an apply that never comes."""
        assert select.select([self._reached], [], [], 30)[0]

    def open(self) -> None:
        """Let the apply go on."""
        os.close(self._gate)
        os.close(self._reached)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(scope="session")
def tf() -> Terraform:
    """The real one: a test that needs it fails where it is missing."""
    return terraform.find()


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Terraform's environment, with no AWS credentials to be found anywhere."""
    (tmp_path / "home").mkdir()
    base = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    base |= {"HOME": str(tmp_path / "home"), "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "me-central-1"}
    return terraform.environment(base, tmp_path / "scratch")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """An empty folder for a configuration."""
    folder = tmp_path / "stack"
    folder.mkdir()
    return folder


Configure = Callable[[str], None]


@pytest.fixture
def configure(tf: Terraform, directory: Path, env: dict[str, str]) -> Configure:
    """Writes a configuration that needs no provider and initializes it."""

    def write(text: str) -> None:
        (directory / "main.tf").write_text(text)
        terraform.init(tf, directory, env, lock_file=None)

    return write


@pytest.fixture
def held_lock(
    tf: Terraform, directory: Path, env: dict[str, str], configure: Configure
) -> Iterator[subprocess.Popen[bytes]]:
    """An apply by somebody else, in the midst of it."""
    configure(WAITING)
    gate = Gate(directory)
    other = subprocess.Popen(
        [tf.path, "apply", "-auto-approve"], cwd=directory, env=env, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    gate.wait()
    yield other
    gate.open()
    other.wait()


# --- finding it


def fake_terraform(folder: Path, script: str, name: str = "terraform") -> dict[str, str]:
    """The environment in which a Python script plays Terraform."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!{sys.executable} -SE\n{script}")
    (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


def answers(version: str) -> str:
    return f"print({json.dumps(json.dumps({'terraform_version': version}))})"


def test_terraform_is_found_on_the_path(tmp_path: Path) -> None:
    """With its version, as it says itself."""
    found = terraform.find(fake_terraform(tmp_path, answers("1.12.0-beta1")))
    assert found == Terraform(tmp_path / "terraform", "1.12.0-beta1")


def test_the_name_that_cdktf_honours_is_honoured(tmp_path: Path) -> None:
    """TERRAFORM_BINARY_NAME may name another executable."""
    base = fake_terraform(tmp_path, answers("1.11.0"), name="terraform-1.11")
    assert terraform.find(base | {"TERRAFORM_BINARY_NAME": "terraform-1.11"}).path == tmp_path / "terraform-1.11"


def test_a_missing_terraform_says_how_to_install_it(tmp_path: Path) -> None:
    """Not an OSError from deep inside."""
    with pytest.raises(BasculeError, match="not installed") as caught:
        terraform.find({"PATH": str(tmp_path)})
    assert "developer.hashicorp.com/terraform/install" in caught.value.remedy


def test_an_old_terraform_says_what_is_needed_and_why(tmp_path: Path) -> None:
    """1.10 has use_lockfile as an experiment only."""
    with pytest.raises(BasculeError, match=r"1\.10\.5 is too old.*use_lockfile.*1\.11\.0") as caught:
        terraform.find(fake_terraform(tmp_path, answers("1.10.5")))
    assert caught.value.where == str(tmp_path / "terraform")


@pytest.mark.parametrize("script", ["raise SystemExit(1)", "print('Terraform v1.11.4')", "print('[]')", "1/0"])
def test_something_else_of_that_name_is_refused(script: str, tmp_path: Path) -> None:
    """Another program, a broken wrapper."""
    with pytest.raises(BasculeError, match="no working Terraform"):
        terraform.find(fake_terraform(tmp_path, script))


# --- plan and apply


def test_a_plan_is_counted_private_and_readable_as_json(
    tf: Terraform, directory: Path, env: dict[str, str], configure: Configure
) -> None:
    """Plan, apply, plan again: the counts are Terraform's, files are their owner's, and then nothing is left to do."""
    configure('resource "terraform_data" "this" {}\nimport {\n  to = terraform_data.old\n  id = "x"\n}\n'
              'resource "terraform_data" "old" {}\n')  # fmt: skip
    out = directory / "plan"
    planned = terraform.plan(tf, directory, env, out=out)
    assert (planned.changes, planned.has_changes) == (Changes(imported=1, added=1), True)
    assert [change["address"] for change in terraform.show_json(tf, directory, env, out)["resource_changes"]] == [
        "terraform_data.old",
        "terraform_data.this",
    ]
    assert terraform.apply(tf, directory, env, out).changes == Changes(imported=1, added=1)
    assert len(terraform.show_json(tf, directory, env)["values"]["root_module"]["resources"]) == 2
    assert [mode(directory / name) for name in ("plan", "terraform.tfstate")] == [0o600] * 2
    again = terraform.plan(tf, directory, env, out=out)
    assert (again.changes, again.has_changes) == (Changes(), False)


def test_a_forgotten_resource_is_counted(
    tf: Terraform, directory: Path, env: dict[str, str], configure: Configure
) -> None:
    """Terraform's own summary leaves it out; a plan that only forgets has changes all the same."""
    configure('resource "terraform_data" "this" {}')
    terraform.plan(tf, directory, env, out=directory / "plan")
    terraform.apply(tf, directory, env, directory / "plan")
    configure("removed {\n  from = terraform_data.this\n  lifecycle {\n    destroy = false\n  }\n}")
    planned = terraform.plan(tf, directory, env, out=directory / "plan")
    assert (planned.changes, planned.has_changes) == (Changes(forgotten=1), True)
    assert [warning["summary"] for warning in planned.warnings] == [
        "Some objects will no longer be managed by Terraform"
    ]
    assert terraform.apply(tf, directory, env, directory / "plan").changes == Changes(forgotten=1)


def test_a_failed_plan_leaves_no_plan_to_apply(
    tf: Terraform, directory: Path, env: dict[str, str], configure: Configure
) -> None:
    """Not even the one from before; the error names file and line."""
    configure('resource "terraform_data" "this" {}')
    terraform.plan(tf, directory, env, out=directory / "plan")
    (directory / "main.tf").write_text('resource "terraform_data" "this" {\n  input = nothing.at_all\n}\n')
    with pytest.raises(BasculeError, match="Reference to undeclared resource") as caught:
        terraform.plan(tf, directory, env, out=directory / "plan")
    assert caught.value.where == "main.tf:2: input = nothing.at_all"
    assert sorted(path.name for path in directory.iterdir()) == ["main.tf"]


def test_a_plan_older_than_the_state_is_refused(
    tf: Terraform, directory: Path, env: dict[str, str], configure: Configure
) -> None:
    """Terraform's own check, with what to do."""
    configure('resource "terraform_data" "this" {}')
    for name in ("one", "two"):
        terraform.plan(tf, directory, env, out=directory / name)
    terraform.apply(tf, directory, env, directory / "one")
    with pytest.raises(BasculeError, match="Saved plan is stale") as caught:
        terraform.apply(tf, directory, env, directory / "two")
    assert "plan again" in caught.value.remedy


def test_a_protected_resource_is_not_destroyed(
    tf: Terraform, directory: Path, env: dict[str, str], configure: Configure
) -> None:
    """prevent_destroy stops the plan."""
    text = (
        'resource "terraform_data" "this" {\n  triggers_replace = 1\n  lifecycle {\n    prevent_destroy = true\n  }\n}'
    )
    configure(text)
    terraform.plan(tf, directory, env, out=directory / "plan")
    terraform.apply(tf, directory, env, directory / "plan")
    (directory / "main.tf").write_text(text.replace("= 1", "= 2"))
    with pytest.raises(BasculeError, match="Instance cannot be destroyed") as caught:
        terraform.plan(tf, directory, env, out=directory / "plan")
    assert "never does" in caught.value.remedy


def test_a_failed_apply_says_how_far_it_came(
    tf: Terraform, directory: Path, env: dict[str, str], configure: Configure
) -> None:
    """What was made is in the state; what failed is named."""
    configure(WAITING)  # there is no gate, so `cat` fails
    terraform.plan(tf, directory, env, out=directory / "plan")
    with pytest.raises(BasculeError, match="provisioner error") as caught:
        terraform.apply(tf, directory, env, directory / "plan")
    assert caught.value.what.endswith("done: terraform_data.first; not finished: terraform_data.waiting")


def test_a_locked_state_says_who_holds_it(
    tf: Terraform, directory: Path, env: dict[str, str], held_lock: subprocess.Popen[bytes]
) -> None:
    """A second run stops at once, and changes nothing of the first."""
    with pytest.raises(BasculeError, match=r"state is locked: \S+@\S+ has held it for a terraform apply") as caught:
        terraform.plan(tf, directory, env, out=directory / "plan")
    assert re.search(rf"cd {directory} && terraform force-unlock \S{{36}}$", caught.value.remedy)
    assert held_lock.poll() is None


@pytest.mark.parametrize(
    "command",
    [
        lambda tf, directory, env: terraform.plan(tf, directory, env, out=directory / "plan"),
        lambda tf, directory, env: terraform.apply(tf, directory, env, directory / "plan"),
    ],
    ids=["plan", "apply"],
)
def test_a_state_that_could_not_be_saved_comes_first(
    command: Callable[[Terraform, Path, dict[str, str]], object], tf: Terraform, directory: Path, env: dict[str, str]
) -> None:
    """To go on would fork it; Terraform's file is the only record of what was made."""
    (directory / "errored.tfstate").touch()
    with pytest.raises(BasculeError, match="could not save its state") as caught:
        command(tf, directory, env)
    assert "terraform state push errored.tfstate" in caught.value.remedy


def test_a_valid_configuration_passes(
    tf: Terraform, directory: Path, env: dict[str, str], configure: Configure
) -> None:
    """And there is nothing to warn of."""
    configure('resource "terraform_data" "this" {}')
    assert terraform.validate(tf, directory, env) == ()


def test_an_invalid_configuration_is_an_error(
    tf: Terraform, directory: Path, env: dict[str, str], configure: Configure
) -> None:
    """Before any account is read."""
    configure("")
    (directory / "main.tf").write_text('resource "terraform_data" "this" {\n  colour = "red"\n}\n')
    with pytest.raises(BasculeError, match="Unsupported argument"):
        terraform.validate(tf, directory, env)


def test_formatting_is_checked_not_changed(tf: Terraform, directory: Path, env: dict[str, str]) -> None:
    """The difference is returned; canonical files have none."""
    (directory / "main.tf").write_text('output "a" {\n  value       =   1\n}\n')
    assert '+  value = 1' in terraform.fmt_check(tf, directory, env)  # fmt: skip
    (directory / "main.tf").write_text('output "a" {\n  value = 1\n}\n')
    assert terraform.fmt_check(tf, directory, env) == ""


def test_no_such_plan_is_an_error_without_boxes(
    tf: Terraform, directory: Path, env: dict[str, str], configure: Configure
) -> None:
    """`terraform show` prints no diagnostics as JSON."""
    configure("")
    with pytest.raises(BasculeError, match="Failed to read the given file") as caught:
        terraform.show_json(tf, directory, env, directory / "none")
    assert not set("╷│╵\x1b") & set(caught.value.what)


# --- Ctrl-C


def test_ctrl_c_ends_an_apply_safely(tf: Terraform, directory: Path, env: dict[str, str], configure: Configure) -> None:
    """As in a terminal, where it reaches a whole process group: ours, with real Terraform in a session of its own."""
    configure(WAITING)
    gate = Gate(directory)
    terraform.plan(tf, directory, env, out=directory / "plan")
    driver = (
        "import os, sys; from pathlib import Path\n"
        "from bascule import terraform as t; from bascule.progress import shown\n"
        "d = Path(sys.argv[1])\n"
        "try:\n"
        "    with shown() as show: t.apply(t.find(), d, os.environ, d / 'plan', on_event=show)\n"
        "except t.Interrupted as stopped: print(stopped); sys.exit(stopped.exit_code)\n"
    )
    us = subprocess.Popen(
        [sys.executable, "-c", driver, str(directory)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    gate.wait()
    os.killpg(us.pid, signal.SIGINT)
    output, _ = us.communicate(timeout=30)
    gate.open()
    assert us.returncode == 130
    assert "stopping: Terraform was asked to end" in output
    assert "done: terraform_data.first; not finished: terraform_data.waiting; the state is saved" in output
    state = terraform.show_json(tf, directory, env)["values"]["root_module"]["resources"]
    assert [resource["address"] for resource in state] == ["terraform_data.first", "terraform_data.waiting"]
    assert terraform.plan(tf, directory, env, out=directory / "plan").changes == Changes(added=2, destroyed=1)


def play(folder: Path, *events: dict[str, Any], end: str = "") -> Terraform:
    """A Terraform that prints events and then runs `end`, where `stop()` waits for a SIGINT (one that came counts)."""
    lines = "\n".join(json.dumps(event) for event in events)
    script = f"""
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
stop = lambda: signal.sigwait([signal.SIGINT])
print({lines!r}, flush=True)
{end}
"""
    fake_terraform(folder, script)
    return Terraform(folder / "terraform", "1.11.4")


def event(kind: str, address: str, action: str = "create") -> dict[str, Any]:
    return {"type": kind, "hook": {"resource": {"addr": address}, "action": action, "elapsed_seconds": 1}}


def stop_at(kind: str) -> Callable[[terraform.Event], None]:
    """A callback that presses Ctrl-C when an event of that kind comes."""

    def on_event(event: terraform.Event) -> None:
        if event["type"] == kind:
            os.kill(os.getpid(), signal.SIGINT)

    return on_event


def test_an_apply_that_was_done_before_it_could_stop_says_so(directory: Path, tmp_path: Path) -> None:
    """The caller goes no further, but nobody is told that it was stopped half way."""
    tf = play(tmp_path / "bin", event("apply_start", "a"), event("apply_complete", "a"), end="stop()")
    with pytest.raises(Interrupted, match="apply was done first; done: a\n"):
        terraform.apply(tf, directory, os.environ, directory / "plan", on_event=stop_at("apply_complete"))


def test_a_stopped_plan_says_that_nothing_was_changed(directory: Path, tmp_path: Path) -> None:
    """Reading a data source is no change."""
    events = event("apply_start", "data.a", "read"), event("apply_complete", "data.a", "read")
    tf = play(tmp_path / "bin", *events, end="stop(); raise SystemExit(1)")
    with pytest.raises(Interrupted, match="during terraform plan; nothing was changed"):
        terraform.plan(tf, directory, os.environ, out=directory / "plan", on_event=stop_at("apply_complete"))


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("stop(); os.kill(os.getpid(), signal.SIGKILL)", "ended by signal 9, perhaps before"),
        ("stop(); open('errored.tfstate', 'w'); raise SystemExit(1)", "the state could not be saved"),
    ],
)
def test_a_stop_that_lost_the_state_does_not_call_it_saved(
    end: str, words: str, directory: Path, tmp_path: Path
) -> None:
    """Whatever was asked, the state comes first."""
    tf = play(tmp_path / "bin", event("apply_start", "a"), end=end)
    with pytest.raises(Interrupted, match=words):
        terraform.apply(tf, directory, os.environ, directory / "plan", on_event=stop_at("apply_start"))


def test_without_a_callback_a_stop_is_told_on_standard_error(
    directory: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nobody is left wondering whether Ctrl-C was heard."""
    tf = play(tmp_path / "bin", end="os.kill(os.getppid(), signal.SIGINT); stop()")
    with pytest.raises(Interrupted):
        terraform.init(tf, directory, os.environ, lock_file=None)
    assert "waiting for Terraform to end safely" in capfd.readouterr().err


def test_a_request_to_stop_is_an_event_among_terraforms(directory: Path, tmp_path: Path) -> None:
    """So that whatever shows the others shows this one too, in its turn."""
    kinds: list[str] = []
    press = stop_at("apply_start")

    def on_event(event: terraform.Event) -> None:
        kinds.append(event["type"])
        press(event)

    last = json.dumps(event("apply_errored", "a"))
    tf = play(tmp_path / "bin", event("apply_start", "a"), end=f"stop(); print({last!r})")
    with pytest.raises(Interrupted):
        terraform.apply(tf, directory, os.environ, directory / "plan", on_event=on_event)
    assert kinds == ["apply_start", INTERRUPT, "apply_errored"]


def test_an_end_by_a_signal_is_told(directory: Path, tmp_path: Path) -> None:
    """With how far the apply came."""
    tf = play(tmp_path / "bin", event("apply_start", "a"), end="os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(BasculeError, match=r"apply was ended by signal 9\ndone: nothing; not finished: a"):
        terraform.apply(tf, directory, os.environ, directory / "plan")


def test_an_end_without_json_shows_what_was_printed(directory: Path, tmp_path: Path) -> None:
    """A crash, or a wrapper that prints something of its own."""
    tf = play(tmp_path / "bin", end="print('panic: oh'); print('at x.go:1', file=sys.stderr); sys.exit(11)")
    with pytest.raises(BasculeError, match=re.escape("ended with exit code 11\npanic: oh\nat x.go:1")):
        terraform.init(tf, directory, os.environ, lock_file=None)


# --- the AWS provider and its lock file

PROVIDER = """
terraform {
  required_providers {
    aws = {
      source  = "registry.terraform.io/hashicorp/aws"
      version = "~> 5.100.0"
    }
  }
}
provider "aws" {
  region = "me-central-1"
}
resource "aws_s3_bucket" "this" {}
"""


def test_the_lock_file_is_canonical_and_covers_every_platform() -> None:
    """As Terraform would write it: sorted; the 15 checksums of the release, and two unpacked platforms."""
    text = terraform.LOCK_FILE.read_text()
    hashes = re.findall(r'^    "((?:h1|zh):\S+)",$', text, re.MULTILINE)
    assert hashes == sorted(set(hashes))
    assert [sum(one.startswith(scheme) for one in hashes) for scheme in ("h1:", "zh:")] == [2, 15]
    assert 'provider "registry.terraform.io/hashicorp/aws" {\n  version     = "5.100.0"\n' in text


def test_the_committed_lock_files_are_the_one_that_every_init_uses() -> None:
    """A VCS-driven run reads the one beside the rendered configuration."""
    root = Path(terraform.__file__).parents[1]
    committed = list((root / "rendered").glob("*/.terraform.lock.hcl"))
    assert committed
    assert {path.read_bytes() for path in committed} == {terraform.LOCK_FILE.read_bytes()}


def test_the_provider_at_hand_is_the_locked_one(tf: Terraform, directory: Path, env: dict[str, str]) -> None:
    """Terraform checks its h1 hash; no warning, the lock file is untouched, and the folder is its owner's alone."""
    (directory / "main.tf").write_text(PROVIDER)
    events: list[terraform.Event] = []
    terraform.init(tf, directory, env, on_event=events.append)
    assert [event for event in events if event["type"] == "diagnostic"] == []
    assert (directory / ".terraform.lock.hcl").read_bytes() == terraform.LOCK_FILE.read_bytes()
    assert mode(directory / ".terraform") == 0o700
    with pytest.raises(BasculeError, match="No valid credential sources") as caught:
        terraform.plan(tf, directory, env, out=directory / "plan")
    assert "AWS_PROFILE" in caught.value.remedy


def test_another_provider_than_the_locked_one_is_refused(
    tf: Terraform, directory: Path, env: dict[str, str], tmp_path: Path
) -> None:
    """A changed checksum stands for a changed provider."""
    (directory / "main.tf").write_text(PROVIDER)
    lock = tmp_path / "lock"
    lock.write_text(re.sub("(h1|zh):..", r"\1:00", terraform.LOCK_FILE.read_text()))
    with pytest.raises(BasculeError, match="doesn't match any of the checksums") as caught:
        terraform.init(tf, directory, env, lock_file=lock)
    assert "not the release that the lock file names" in caught.value.remedy


def test_a_local_endpoint_that_nobody_serves_points_to_the_sandbox(
    tf: Terraform, directory: Path, env: dict[str, str]
) -> None:
    """The S3 backend asks first."""
    (directory / "main.tf").write_text('terraform {\n  backend "s3" {\n    bucket = "b"\n    key = "k"\n  }\n}\n')
    env |= {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    with pytest.raises(BasculeError, match="connection refused") as caught:
        terraform.init(tf, directory, env, lock_file=None, backend_config=["max_retries=1"])
    assert "bascule sandbox start" in caught.value.remedy
