"""Finds Terraform and runs it: events as they come, results as values, its diagnostics as errors."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bascule import running
from bascule.diagnostics import Diagnostic, diagnostics_error, output_error
from bascule.errors import BasculeError
from bascule.journal import Record, nowhere
from bascule.terraform_environment import environment
from bascule.terraform_events import Changes, Event, OnEvent, Told
from bascule.terraform_process import Finished, run
from bascule.unlocking import past_the_dead

__all__ = [
    "LOCK_FILE",
    "MINIMUM",
    "ApplyResult",
    "Changes",
    "Event",
    "Interrupted",
    "OnEvent",
    "PlanResult",
    "Terraform",
    "apply",
    "environment",
    "find",
    "fmt_check",
    "init",
    "plan",
    "show_json",
    "validate",
]

T = TypeVar("T")

MINIMUM = (1, 11, 0)
"""The first release in which `use_lockfile`, the S3 backend's lock without a table, is not experimental."""

UNSAVED_STATE = "errored.tfstate"
"""Where Terraform puts a state that it couldn't save, beside the configuration; it is the only copy."""

LOCKING = ("plan", "apply", "untaint")
"""Commands of those that bascule runs that lock the state."""

LOCK_FILE = Path(__file__).with_name("data") / "terraform.lock.hcl"
"""Checksums of the pinned AWS provider, for every platform. `h1:` is checked against a mirror, `zh:` the registry's."""


class Interrupted(BasculeError):
    """Ctrl-C (or SIGTERM, SIGHUP) came, and Terraform has ended by itself since."""

    exit_code = 130


@dataclass(frozen=True)
class Terraform:
    """The executable and its version, such as "1.11.4", and where its runs are noted."""

    path: Path
    version: str
    notes: Path | None = None
    """The folder in which a run is noted while it lasts (`bascule.running`). Without it nothing is, and a lock that a
    killed run left behind stays."""
    say: Callable[[str], None] = lambda line: None
    """Told of a lock that is released."""
    record: Record = nowhere
    """Keeps the journal, which tells of it, too."""


@dataclass(frozen=True)
class PlanResult:
    """`has_changes` is Terraform's own word (-detailed-exitcode): outputs and forgotten resources count too."""

    changes: Changes
    has_changes: bool
    warnings: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class ApplyResult:
    """What was done, and Terraform's warnings."""

    changes: Changes
    warnings: tuple[Diagnostic, ...]


def find(base: Mapping[str, str] = os.environ) -> Terraform:
    """The Terraform on PATH, or what TERRAFORM_BINARY_NAME names, as in CDKTF.

    Raises BasculeError when there is none, when it doesn't run, or when it is older than MINIMUM.
    """
    name = base.get("TERRAFORM_BINARY_NAME") or "terraform"
    wanted = ".".join(map(str, MINIMUM))
    install = f"install Terraform {wanted} or newer (https://developer.hashicorp.com/terraform/install) on PATH"
    found = shutil.which(name, path=base.get("PATH"))
    if found is None:
        raise BasculeError("Terraform is not installed", where=f"{name}, looked for on PATH", remedy=install)
    path = Path(found).absolute()
    bare = {key: value for key, value in base.items() if not key.startswith("TF_")} | {"CHECKPOINT_DISABLE": "1"}
    try:
        asked = subprocess.run(
            [path, "version", "-json"], env=bare, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True
        )
        version = str(json.loads(asked.stdout)["terraform_version"])
        numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as failure:
        raise BasculeError(f"this is no working Terraform: {failure}", where=str(path), remedy=install) from failure
    if numbers < MINIMUM:
        raise BasculeError(
            f"Terraform {version} is too old: the S3 backend locks the state by use_lockfile, which needs {wanted}",
            where=str(path),
            remedy=install,
        )
    return Terraform(path, version)


def init(
    terraform: Terraform,
    directory: Path,
    env: Mapping[str, str],
    *,
    backend_config: Sequence[str] = (),
    lock_file: Path | None = LOCK_FILE,
    on_event: OnEvent | None = None,
) -> None:
    """Initialize `directory` for use: providers installed as the lock file says, backend ready.

    `backend_config` holds `key=value` strings. `lock_file` is copied in as `.terraform.lock.hcl`; with None the
    directory's own one counts. Terraform refuses a provider that fits none of its checksums; on a platform whose
    unpacked checksum it lacks, Terraform adds that one to the copy.
    Raises BasculeError with Terraform's diagnostics, Interrupted after a Ctrl-C.
    """
    if lock_file is not None:
        (directory / ".terraform.lock.hcl").write_bytes(lock_file.read_bytes())
    options = ["-json", "-input=false", *(f"-backend-config={pair}" for pair in backend_config)]
    _stream(terraform, directory, env, "init", options, on_event)


def plan(
    terraform: Terraform,
    directory: Path,
    env: Mapping[str, str],
    *,
    out: Path,
    extra: Sequence[str] = (),
    lock_timeout: str = "0s",
    on_event: OnEvent | None = None,
) -> PlanResult:
    """Plan into the file `out` (mode 0600, whole or not at all) and return what the plan would do.

    A plan that was there before is removed first, so that after a failure nothing can be applied by mistake.
    Raises BasculeError with Terraform's diagnostics, Interrupted after a Ctrl-C.
    """
    _refuse_unsaved_state(directory)
    out = out.absolute()
    partial = out.with_name(f"{out.name}.partial")
    out.unlink(missing_ok=True)
    options = ["-json", "-input=false", "-detailed-exitcode", f"-lock-timeout={lock_timeout}", f"-out={partial}"]
    try:
        told, code = _stream(terraform, directory, env, "plan", [*options, *extra], on_event, success=(0, 2))
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return PlanResult(told.changes(), code == 2, tuple(told.warnings))


def apply(
    terraform: Terraform,
    directory: Path,
    env: Mapping[str, str],
    plan_file: Path,
    *,
    lock_timeout: str = "0s",
    on_event: OnEvent | None = None,
) -> ApplyResult:
    """Apply a saved plan and return what was done.

    Raises BasculeError with Terraform's diagnostics and how far it came, Interrupted after a Ctrl-C.
    """
    _refuse_unsaved_state(directory)
    options = ["-json", "-input=false", f"-lock-timeout={lock_timeout}", str(plan_file.absolute())]
    told, _ = _stream(terraform, directory, env, "apply", options, on_event)
    return ApplyResult(told.changes(), tuple(told.warnings))


def refresh(
    terraform: Terraform, directory: Path, env: Mapping[str, str], *, on_event: OnEvent | None = None
) -> ApplyResult:
    """Write what is live of the resources in the state into it, and change nothing else. Raises as `apply` does."""
    _refuse_unsaved_state(directory)
    options = ["-json", "-input=false", "-refresh-only", "-auto-approve"]
    told, _ = _stream(terraform, directory, env, "apply", options, on_event)
    return ApplyResult(told.changes(), tuple(told.warnings))


def show_json(
    terraform: Terraform, directory: Path, env: Mapping[str, str], plan_file: Path | None = None
) -> dict[str, Any]:
    """The JSON of a saved plan, or of the state. It holds secrets: write it with mode `files.PRIVATE`."""
    plan_arguments = [str(plan_file.absolute())] if plan_file is not None else []
    text = _capture(terraform, directory, env, "show", ["-json", *plan_arguments]).stdout
    shown: dict[str, Any] = json.loads(text)
    return shown


def untaint(terraform: Terraform, directory: Path, env: Mapping[str, str], address: str) -> None:
    """Tell the state that the resource at `address` need not be replaced. Raises BasculeError as `plan` does."""
    _refuse_unsaved_state(directory)
    _capture(terraform, directory, env, "untaint", [address])


def validate(terraform: Terraform, directory: Path, env: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """Check an initialized configuration without reading any account; returns the warnings.

    Raises BasculeError with Terraform's diagnostics where it isn't valid.
    """
    finished = _capture(terraform, directory, env, "validate", ["-json"], success=(0, 1))
    try:
        diagnostics: list[Diagnostic] = json.loads(finished.stdout)["diagnostics"]
    except ValueError:
        raise output_error("validate", finished.code, finished.stderr, directory=directory) from None
    if finished.code:
        raise diagnostics_error(diagnostics, directory=directory)
    return tuple(diagnostics)


def fmt_check(terraform: Terraform, directory: Path, env: Mapping[str, str]) -> str:
    """What `terraform fmt` would change in `directory`, as a diff: empty where all files are canonical."""
    return _capture(terraform, directory, env, "fmt", ["-check", "-diff"], success=(0, 3)).stdout


def _stream(
    terraform: Terraform,
    directory: Path,
    env: Mapping[str, str],
    command: str,
    options: Sequence[str],
    on_event: OnEvent | None,
    *,
    success: Sequence[int] = (0,),
) -> tuple[Told, int]:
    def once() -> tuple[Told, int]:
        told = Told(on_event)
        finished = run(
            [terraform.path, command, *options],
            directory,
            env,
            on_line=told.line,
            on_interrupt=told.interrupted,
            noting=_noting(terraform, directory, command),
        )
        if finished.interrupts:
            raise _interruption(command, told, finished.code, directory)
        if finished.code in success:
            return told, finished.code
        if told.errors:
            raise diagnostics_error(told.errors, directory=directory, so_far=told.so_far())
        output = "\n".join([*told.stray, finished.stderr])
        raise output_error(command, finished.code, output, directory=directory, so_far=told.so_far())

    return _unlocking(terraform, directory, env, command, once)


def _capture(
    terraform: Terraform,
    directory: Path,
    env: Mapping[str, str],
    command: str,
    options: Sequence[str],
    *,
    success: Sequence[int] = (0,),
) -> Finished:
    def once() -> Finished:
        words: list[str | Path] = [terraform.path, command, "-no-color", *options]
        finished = run(words, directory, env, noting=_noting(terraform, directory, command))
        if finished.interrupts:
            raise Interrupted(f"stopped during terraform {command}; nothing was changed", where=str(directory))
        if finished.code not in success:
            raise output_error(command, finished.code, finished.stderr or finished.stdout, directory=directory)
        return finished

    return _unlocking(terraform, directory, env, command, once)


def _noting(terraform: Terraform, directory: Path, command: str) -> running.Noting | None:
    state = running.state_of(directory) if terraform.notes is not None and command in LOCKING else ""
    return partial(running.noted, terraform.notes, state=state) if state and terraform.notes is not None else None


def _unlocking(terraform: Terraform, directory: Path, env: Mapping[str, str], command: str, once: Callable[[], T]) -> T:
    if terraform.notes is None or command not in LOCKING:
        return once()

    def unlock(lock: str) -> object:
        return _capture(terraform, directory, env, "force-unlock", ["-force", lock])

    return past_the_dead(terraform.notes, running.state_of(directory), once, unlock, terraform.say, terraform.record)


def _interruption(command: str, told: Told, code: int, directory: Path) -> Interrupted:
    """What to say after a request to stop: what was done, and whether the state knows."""
    so_far = told.so_far()
    if code == 0:
        done = "; ".join(filter(None, [f"asked to stop, but terraform {command} was done first", so_far]))
        return Interrupted(done, where=str(directory))
    if not so_far:
        return Interrupted(f"stopped during terraform {command}; nothing was changed", where=str(directory))
    if (directory / UNSAVED_STATE).exists():
        saved, remedy = "the state could not be saved", _save_state(directory)
    elif code < 0:
        saved = f"Terraform was ended by signal {-code}, perhaps before it had saved the state"
        remedy = "plan again and read with care; if the state is still locked, the error says how to release it"
    else:
        saved, remedy = "the state is saved", "repeat the command when ready: it plans anew and goes on from here"
    return Interrupted(f"stopped during terraform {command}; {so_far}; {saved}", where=str(directory), remedy=remedy)


def _refuse_unsaved_state(directory: Path) -> None:
    """After a failed save Terraform leaves the state beside the configuration; to go on would fork it."""
    unsaved = directory / UNSAVED_STATE
    if unsaved.exists():
        raise BasculeError(
            "the last apply could not save its state, which still lies here",
            where=str(unsaved),
            remedy=_save_state(directory),
        )


def _save_state(directory: Path) -> str:
    return (
        f"save it first: cd {directory} && terraform state push {UNSAVED_STATE} && rm {UNSAVED_STATE}; then plan again"
    )
