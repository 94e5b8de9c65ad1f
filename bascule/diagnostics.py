"""Terraform's diagnostics as one error that people can act on: its own words, where, and what to do.

Diagnostics are the objects that `terraform ... -json` prints:
https://developer.hashicorp.com/terraform/internals/machine-readable-ui#diagnostic
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bascule import locks
from bascule.errors import BasculeError

Diagnostic = Mapping[str, Any]


class TerraformFailed(BasculeError):
    """Terraform couldn't do what it was asked, for the reasons that it gives."""


class StateLocked(BasculeError):
    """Somebody holds the state's lock."""

    def __init__(self, what: str, *, where: str, remedy: str, holder: Mapping[str, str]) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.holder = holder
        """Terraform's lock info, see `lock_holder`."""


NOISE = ("execution halted",)
"""Summaries that only say that another diagnostic stopped Terraform."""

REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"errored\.tfstate",
        "do nothing else first: cd {directory} && terraform state push errored.tfstate, then plan again; "
        "that file is the only record of what was just made",
    ),
    (
        r"ExpiredToken|RequestExpired|token.{0,40} (is|has) expired|session has expired|InvalidGrantException",
        "the AWS credentials have expired: sign in again (aws sso login, or new keys), then repeat the command",
    ),
    (
        r"No valid credential sources|get shared config profile|NoCredentialProviders|no EC2 IMDS role found",
        "give AWS credentials: set AWS_PROFILE to a profile of ~/.aws/config, or AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY (`aws sts get-caller-identity` shows whom they name)",
    ),
    (
        r"InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|AuthFailure",
        "AWS doesn't know these credentials: check AWS_PROFILE or the keys, and that the region is enabled in the "
        "account (an opt-in region refuses tokens of the global STS endpoint)",
    ),
    (
        r"AWS account ID not allowed",
        "the credentials belong to another account than the site: choose the right AWS_PROFILE",
    ),
    (
        r"AccessDenied|UnauthorizedOperation|is not authorized to perform|AccessDeniedException",
        "these credentials lack the permission named above: add it to their policy, or use another AWS_PROFILE",
    ),
    (
        r"dial tcp (127\.0\.0\.1|\[::1\]):\d+: connect: connection refused",
        "nothing listens on the local AWS endpoint: start the sandbox (bascule sandbox start), or unset "
        "AWS_ENDPOINT_URL to reach AWS itself",
    ),
    (
        r"doesn't match any of the checksums|checksums? .{0,60}lock file",
        "this provider is not the release that the lock file names: get the original release into the mirror; "
        "if it is trusted for another platform, add it with `terraform providers lock -platform=OS_ARCH`",
    ),
    (
        r"does not match configured version constraint",
        "lock file and configuration name different provider versions: synthesize again with this release of bascule",
    ),
    (
        r"Failed to (query available provider packages|install provider)",
        "on a machine that can't reach registry.terraform.io set BASCULE_PROVIDER_MIRROR to a filesystem mirror "
        "(`terraform providers mirror FOLDER` on another machine fills one); TF_CLI_CONFIG_FILE goes before it",
    ),
    (
        r"Saved plan is stale",
        "the state has changed since the plan was made: plan again, read it, then apply",
    ),
    (
        r"Instance cannot be destroyed",
        "the plan would destroy a resource that bascule adopted or protects, and it never does: read what changed in "
        "the site file or in imports/, and take that back",
    ),
    (
        r"Cannot import non-existent remote object",
        "check the id in the site file, the region, and the account that the credentials name",
    ),
    (
        r"Backend (initialization required|configuration changed)|backend type changed",
        "the state backend in the site file isn't the one used here before: to move the state, "
        "cd {directory} && terraform init -migrate-state; if it was only another account or a sandbox, "
        "remove {directory}/.terraform",
    ),
    (
        r"S3 bucket .{0,80} does not exist|NoSuchBucket",
        "create the state bucket that the site file names (versioned, encrypted, closed to the public), "
        "or correct [state] in the site file",
    ),
)
"""What to do about the diagnostics that operators meet, by a pattern in summary or detail; the first match counts."""

GOES_ON = "once that is mended, or was only AWS's for a while, repeat the command: it plans anew and goes on from here"
"""What to do about whatever else stopped an apply, which has saved what it did."""

_LOCK = "Error acquiring the state lock"


def diagnostics_error(diagnostics: Sequence[Diagnostic], *, directory: Path, so_far: str = "") -> BasculeError:
    """The error for the diagnostics of severity `error` (there must be one), in Terraform's words.

    `directory` is where Terraform ran, for commands in the remedy; `so_far` is a sentence on what was done before.
    """
    errors = _distinct([one for one in diagnostics if one.get("severity") == "error"])
    text = "\n".join(f"{one.get('summary', '')}\n{one.get('detail', '')}" for one in errors)
    holder = lock_holder(text) if _LOCK in text else {}
    if holder:
        return _locked(holder, directory)
    what = [f"Terraform: {_words(one)}" for one in errors]
    where = [_place(one) for one in errors]
    if len(errors) > 1:
        what = [f"{words}\n  at {place}" if place else words for words, place in zip(what, where, strict=True)]
        where = []
    return TerraformFailed(
        "\n".join([*what, *([so_far] if so_far else [])]),
        where="; ".join(filter(None, where)),
        remedy=remedy(text, directory) or (GOES_ON if so_far else ""),
    )


def output_error(command: str, code: int, output: str, *, directory: Path, so_far: str = "") -> BasculeError:
    """The error for a Terraform that ended without diagnostics: `code` is its exit code, negative for a signal."""
    words = _plain(output)
    holder = lock_holder(words) if _LOCK in words else {}
    if holder:
        return _locked(holder, directory)
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    what = "\n".join(filter(None, [f"terraform {command} {how}", words, so_far]))
    killed = "if this machine ran out of memory, free some; then plan again (a lock that stays behind says so)"
    return BasculeError(what, where=str(directory), remedy=remedy(words, directory) or (killed if code < 0 else ""))


def remedy(text: str, directory: Path) -> str:
    """What to do about a well-known diagnostic in `text`, or an empty string."""
    for pattern, words in REMEDIES:
        if re.search(pattern, text):
            return words.format(directory=directory)
    return ""


def lock_holder(text: str) -> dict[str, str]:
    """The fields of Terraform's "Lock Info" (ID, Path, Operation, Who, Version, Created), or nothing.

    Terraform gives them as prose only; they are the same for every backend (internal/states/statemgr/locker.go).
    """
    _, found, info = text.partition("Lock Info:")
    fields = dict(re.findall(r"^\s+(ID|Path|Operation|Who|Version|Created):[ \t]+(\S.*?)\s*$", info, re.MULTILINE))
    return fields if found and "ID" in fields else {}


def _locked(holder: Mapping[str, str], directory: Path) -> StateLocked:
    operation = holder.get("Operation", "").removeprefix("OperationType").lower() or "run"
    since = locks.since(holder)
    return StateLocked(
        f"the state is locked: {holder.get('Who', 'someone')} has held it for a terraform {operation} since {since}",
        where=f"{holder.get('Path', 'state')}, lock {holder['ID']}",
        remedy="wait until that run has ended, then repeat the command; only if it is certain that it runs no more: "
        f"cd {directory} && terraform force-unlock {holder['ID']}",
        holder=holder,
    )


def _distinct(errors: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Without repetitions, and without those that say nothing where others do."""
    kept: list[Diagnostic] = []
    for one in errors:
        if one not in kept:
            kept.append(one)
    return [one for one in kept if one.get("summary") not in NOISE] or kept


def _words(diagnostic: Diagnostic) -> str:
    summary, detail = str(diagnostic.get("summary", "")).strip(), str(diagnostic.get("detail", "")).strip()
    return "\n".join([summary, *(f"  {line}".rstrip() for line in detail.splitlines())])


def _place(diagnostic: Diagnostic) -> str:
    place: Mapping[str, Any] = diagnostic.get("range") or {}
    snippet: Mapping[str, Any] = diagnostic.get("snippet") or {}
    file = f"{place['filename']}:{place.get('start', {}).get('line', '?')}" if place.get("filename") else ""
    code = str(snippet.get("code", "")).strip().partition("\n")[0]
    return ", ".join(filter(None, [str(diagnostic.get("address", "")), f"{file}: {code}" if file and code else file]))


def _plain(output: str) -> str:
    """Text without terminal colours and without the box that Terraform draws around errors; its last 40 lines."""
    bare = re.sub(r"\x1b\[[0-9;]*m", "", output)
    lines = [re.sub(r"^[╷│╵] ?", "", line).rstrip() for line in bare.splitlines()]
    return "\n".join([line for line in lines if line][-40:])
