"""`bascule audit`, `preflight --explain` and `policy` as people meet them, on a sandbox of the audited account."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import roles

from bascule import demo, policies, site_file
from bascule.sandbox import control
from bascule.sandbox.control import Running

ACCOUNT = "arquantix: account 123456789012, region me-central-1, endpoint http://127.0.0.1:"


@dataclass(frozen=True)
class Place:
    """A workspace with the demo's site, and the account that it is in."""

    root: Path
    sandbox: Running

    def bascule(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """What a command does there, in a process of its own."""
        plain = {"PATH": "/nowhere", "HOME": str(self.root), "LANG": "C.UTF-8"}
        return subprocess.run(
            [sys.executable, "-m", "bascule", *arguments],
            cwd=self.root,
            env=plain | control.environment(self.sandbox) | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """No Terraform is there, and nothing was adopted."""
    root = tmp_path_factory.mktemp("workspace")
    (root / "sites").mkdir()
    shutil.copy(demo.SITE_FILE, root / "sites" / f"{demo.SITE}.toml")
    running = control.start(root / "sandbox", owner_pid=os.getpid())
    yield Place(root, running)
    control.stop(root / "sandbox")


@pytest.fixture(scope="module")
def kept(place: Place) -> Path:
    """An audit that was kept as JSON."""
    done = place.bascule("audit", "--format", "json")
    assert 0 == done.returncode, done.stderr
    (place.root / "kept.json").write_text(done.stdout, encoding="utf-8")
    return place.root / "kept.json"


def test_the_document_is_all_that_is_on_standard_output(place: Place) -> None:
    """So that it can be kept; whose account it is and what is going on is on standard error."""
    done = place.bascule("audit")
    assert 0 == done.returncode, done.stderr
    assert done.stdout.startswith("Infrastructure audit of www.arquantix.com\n═════")
    assert done.stdout.endswith("\n")
    assert not done.stdout.endswith("\n\n")
    assert "\x1b" not in done.stdout
    (account, reading) = done.stderr.splitlines()
    assert account.startswith(ACCOUNT)
    assert "reading the account" == reading


def test_json_is_one_document(kept: Path) -> None:
    """With the site, the day, the facts, the options and what is recommended."""
    document = json.loads(kept.read_text(encoding="utf-8"))
    assert {"version", "site", "made", "facts", "options", "recommended"} == document.keys()
    assert ("arquantix", "create-alb") == (document["site"], document["recommended"])
    assert "EPJ3WQCO04UWW" == document["facts"]["distribution"]["id"]


def test_french_markdown(place: Place) -> None:
    """What the audit by hand was written in."""
    done = place.bascule("audit", "--format", "markdown", "--language", "fr")
    assert 0 == done.returncode, done.stderr
    assert done.stdout.startswith("# Audit d'infrastructure\xa0: www.arquantix.com\n")
    assert "**Conclusion\xa0: CloudFront pointe vers un bucket S3, pas vers ECS.**" in done.stdout


def test_what_changed_since_an_audit_is_told(place: Place, kept: Path) -> None:
    """And nothing else: a second reading of the same account is the same."""
    same = place.bascule("audit", "--since", kept.name)
    assert "Nothing of what is told here has changed." in same.stdout, same.stderr
    s3 = roles.client(place.sandbox, "s3")
    s3.put_object(Bucket="arquantix-coming-soon-dev", Key="news.html", Body=b"news")
    try:
        told = place.bascule("audit", "--since", kept.name, "--format", "json")
    finally:
        s3.delete_object(Bucket="arquantix-coming-soon-dev", Key="news.html")
    changes = {one["where"]: (one["old"], one["new"]) for one in json.loads(told.stdout)["changes"]}
    assert {"bucket.contents.bytes", "bucket.contents.kinds..html", "bucket.contents.objects"} == changes.keys()
    assert ("1", "2") == changes["bucket.contents.objects"]


@pytest.mark.parametrize(
    ("name", "what"), [("sites/arquantix.toml", "this is no audit in JSON"), ("nowhere.json", "it can't be read")]
)
def test_what_is_no_audit_cannot_be_compared_with(place: Place, name: str, what: str) -> None:
    """That is said before the account is asked."""
    done = place.bascule("audit", "--since", name)
    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith(f"bascule: {what}")
    assert name in done.stderr
    assert ACCOUNT not in done.stderr


def test_a_site_of_another_account_is_not_audited(place: Place, tmp_path: Path) -> None:
    """Its facts would be somebody else's."""
    text = demo.SITE_FILE.read_text(encoding="utf-8")
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "arquantix.toml").write_text(f'account = "999999999999"\n{text}', encoding="utf-8")
    done = Place(tmp_path, place.sandbox).bascule("audit")
    assert (2, "") == (done.returncode, done.stdout)
    assert "the site is in account 999999999999" in done.stderr


@pytest.fixture
def iam(place: Place) -> Iterator[None]:
    """IAM decides for the length of a test."""
    control.configure(place.sandbox, iam=True)
    yield
    control.configure(place.sandbox, iam=False)


@pytest.mark.usefixtures("iam")
def test_the_policy_that_is_printed_is_enough_and_less_of_it_is_told(place: Place) -> None:
    """A call that is denied is unknown, with its action; the rest of the document is as it was."""
    printed = place.bascule("policy", "audit")
    assert 0 == printed.returncode, printed.stderr
    policy = json.loads(printed.stdout)
    assert policies.document("audit", site_file.load(demo.SITE_FILE), "123456789012") == policy
    roles.put(place.sandbox, "reader", audit=policy)
    whole = place.bascule("audit", **roles.credentials(place.sandbox, "reader"))
    assert 0 == whole.returncode, whole.stderr
    assert "is refused" not in whole.stdout
    roles.put(place.sandbox, "reader", audit=policy, less=roles.deny("ecs:DescribeServices"))
    less = place.bascule("audit", **roles.credentials(place.sandbox, "reader"))
    assert 0 == less.returncode, less.stderr
    assert "4. ECS service\n\nunknown: ecs:DescribeServices is refused to this role\n" in less.stdout
    assert "  - ecs:DescribeServices is refused to this role\n" in less.stdout.partition("couldn't see")[2]
    assert "  Bucket:                     arquantix-coming-soon-dev\n" in less.stdout


def test_the_policy_that_keeps_what_was_adopted_from_being_deleted(place: Place) -> None:
    """As JSON alone, for `aws iam put-role-policy`."""
    done = place.bascule("policy", "deny")
    assert 0 == done.returncode, done.stderr
    statements = json.loads(done.stdout)["Statement"]
    assert {"Deny"} == {one["Effect"] for one in statements}
    assert "cloudfront:DeleteDistribution" in done.stdout


def test_a_check_is_explained(place: Place) -> None:
    """By its id, without credentials; of an id that isn't one the list is shown."""
    done = place.bascule("preflight", "--explain", "alias-dns", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("alias-dns: every alias leads to this distribution.\n")
    wrong = place.bascule("preflight", "--explain", "nope")
    assert (2, "") == (wrong.returncode, wrong.stdout)
    assert "nope" in wrong.stderr
    assert "alias-dns" in wrong.stderr
