"""Terraform's diagnostics, as recorded from Terraform 1.11.4 and AWS provider 5.100.0, as errors for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bascule.diagnostics import diagnostics_error, lock_holder, output_error

HERE = Path("cdktf.out/stacks/arquantix")

LOCKED = """\
Error message: operation error S3: PutObject, https response error StatusCode: 412, api error PreconditionFailed: At \
least one of the pre-conditions you specified did not hold
Lock Info:
  ID:        8b2bcea7-f3fc-a57e-517f-2806dc958076
  Path:      arquantix-terraform-state/bascule/arquantix.tfstate
  Operation: OperationTypeApply
  Who:       marie@build-2
  Version:   1.11.4
  Created:   2026-11-22 10:12:17.316045982 +0000 UTC
  Info:      \n

Terraform acquires a state lock to protect the state from being written
by multiple users at the same time."""


def error(summary: str, detail: str = "", **more: Any) -> dict[str, Any]:
    return {"severity": "error", "summary": summary, "detail": detail, **more}


def test_an_error_keeps_terraforms_words_and_says_where() -> None:
    """Summary, detail, resource, file, line and the source line."""
    diagnostic = error(
        "Invalid value",
        "The name is\ntoo long.",
        address="aws_lb.this",
        range={"filename": "cdk.tf.json", "start": {"line": 12, "column": 3}},
        snippet={"context": "resource.aws_lb.this", "code": '    "name": "x",\n', "start_line": 12},
    )
    caught = diagnostics_error([diagnostic], directory=HERE)
    assert caught.what == "Terraform: Invalid value\n  The name is\n  too long."
    assert caught.where == 'aws_lb.this, cdk.tf.json:12: "name": "x",'
    assert caught.exit_code == 1


def test_several_errors_are_told_once_each_with_their_place() -> None:
    """Warnings, repetitions and "execution halted" are left out."""
    first, second = error("First", address="aws_lb.a"), error("Second")
    halted, warning = error("execution halted"), {"severity": "warning", "summary": "Deprecated"}
    caught = diagnostics_error([warning, first, halted, first, second, halted], directory=HERE)
    assert caught.what == "Terraform: First\n  at aws_lb.a\nTerraform: Second"


def test_halted_alone_is_told() -> None:
    """It is noise only beside something that says more."""
    assert diagnostics_error([error("execution halted")], directory=HERE).what == "Terraform: execution halted"


def test_what_was_done_before_the_error_is_told() -> None:
    """An apply that failed half way says how far it came."""
    caught = diagnostics_error([error("No")], directory=HERE, so_far="done: aws_lb.this")
    assert caught.what == "Terraform: No\ndone: aws_lb.this"
    assert "repeat the command: it plans anew and goes on from here" in caught.remedy


def test_a_lock_says_who_holds_it_since_when_and_how_to_release_it() -> None:
    """The S3 backend's lock: the error message differs from the local one's, the lock info doesn't."""
    caught = diagnostics_error([error("Error acquiring the state lock", LOCKED)], directory=HERE)
    assert (
        caught.what
        == "the state is locked: marie@build-2 has held it for a terraform apply since 2026-11-22 10:12:17 UTC"
    )
    assert "arquantix-terraform-state/bascule/arquantix.tfstate" in caught.where
    assert f"cd {HERE} && terraform force-unlock 8b2bcea7-f3fc-a57e-517f-2806dc958076" in caught.remedy


def test_a_lock_without_its_info_is_passed_through() -> None:
    """Where the backend can't read who holds the lock, Terraform's words stay."""
    caught = diagnostics_error([error("Error acquiring the state lock", "Error message: 412")], directory=HERE)
    assert caught.what == "Terraform: Error acquiring the state lock\n  Error message: 412"


def test_lock_info_is_read_only_where_it_is() -> None:
    """The same words elsewhere are no lock info."""
    assert lock_holder("  ID:   5\n") == {}


@pytest.mark.parametrize(
    ("diagnostic", "words"),
    [
        (error("No valid credential sources found", "Please see https://…"), "AWS_PROFILE"),
        (error("failed to get shared config profile, nope"), "AWS_PROFILE"),
        (error("validating provider credentials: api error ExpiredToken: The security token … is expired"), "expired"),
        (error("api error InvalidClientTokenId: The security token included in the request is invalid"), "opt-in"),
        (error("AWS account ID not allowed: 123456789012"), "another account"),
        (
            error("reading ELBv2", "api error AccessDenied: User: u is not authorized to perform: x:Describe"),
            "permission",
        ),
        (
            error('STS: Post "http://127.0.0.1:9/": dial tcp 127.0.0.1:9: connect: connection refused'),
            "bascule sandbox start",
        ),
        (
            error("Failed to install provider", "hashicorp/aws doesn't match any of the checksums previously recorded"),
            "lock file",
        ),
        (
            error(
                "Failed to query available provider packages",
                "locked provider 5.100.0 does not match configured version constraint ~> 6.0",
            ),
            "synthesize again",
        ),
        (
            error("Failed to query available provider packages", "could not connect to registry.terraform.io"),
            "BASCULE_PROVIDER_MIRROR",
        ),
        (error("Saved plan is stale"), "plan again"),
        (error("Instance cannot be destroyed"), "never does"),
        (error("Cannot import non-existent remote object", 'with id "E1"'), "site file"),
        (error("Backend initialization required, please run 'terraform init'"), "terraform init -migrate-state"),
        (
            error("Error refreshing state", 'S3 bucket "b" does not exist.'),
            "create the state bucket",
        ),
        (
            error("Failed to persist state to backend", 'written to the file "errored.tfstate"'),
            f"cd {HERE} && terraform state push errored.tfstate",
        ),
    ],
)
def test_well_known_errors_say_what_to_do(diagnostic: dict[str, Any], words: str) -> None:
    """Each names its own remedy."""
    assert words in diagnostics_error([diagnostic], directory=HERE).remedy


def test_an_unknown_error_invents_no_remedy() -> None:
    """Terraform's own words are then all there is."""
    assert diagnostics_error([error("Something new")], directory=HERE).remedy == ""


def test_an_end_without_diagnostics_shows_what_was_printed() -> None:
    """Without the box and the colours that Terraform draws."""
    boxed = "\x1b[31m╷\x1b[0m\n│ \x1b[1mError: No configuration files\x1b[0m\n│ \n│ Where?\n╵\n"
    caught = output_error("plan", 1, boxed, directory=HERE)
    assert caught.what == "terraform plan ended with exit code 1\nError: No configuration files\nWhere?"


def test_an_end_by_a_signal_says_so() -> None:
    """The kernel ends processes where memory runs out."""
    caught = output_error("apply", -9, "", directory=HERE, so_far="done: nothing; not finished: aws_lb.this")
    assert caught.what == "terraform apply was ended by signal 9\ndone: nothing; not finished: aws_lb.this"
    assert "plan again" in caught.remedy
