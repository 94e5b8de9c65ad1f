"""Adoption of accounts of all kinds, proved by real Terraform and provider 5.100.0 against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import recording

from bascule import demo, files
from bascule.adopt import FACTS, FILES, adopt, without_header
from bascule.errors import BasculeError
from bascule.ladder import Stage
from bascule.session import Session

ACCOUNTS = Path(__file__).parents[1] / "sandbox" / "accounts"


@pytest.fixture
def said() -> list[str]:
    """What the command said."""
    return []


@pytest.fixture
def session(request: pytest.FixtureRequest, tmp_path: Path, said: list[str]) -> Iterator[Session]:
    """A session on a sandbox that holds the account named by the parameter, or the audited one."""
    name = getattr(request, "param", None)
    account = ACCOUNTS / f"{name}.toml" if name else None
    with demo.sandboxed(tmp_path / "site", said.append, account) as workspace:
        demo.set_stage(workspace, Stage.ADOPT)
        yield recording.open_session(workspace, said)


def adopted(session: Session) -> dict[str, str]:
    folder = session.workspace.imports(session.name)
    return {name: (folder / name).read_text(encoding="utf-8") for name in (*FILES, FACTS)}


@pytest.mark.parametrize("session", sorted(path.stem for path in ACCOUNTS.glob("*.toml")), indirect=True)
def test_every_account_is_adopted_with_a_plan_of_three_imports_and_nothing_else(
    session: Session, said: list[str]
) -> None:
    """Whatever the distribution and the service look like, adopting them is proved to change nothing."""
    assert {*FILES, FACTS} == {path.name for path in adopt(session).written}
    assert "proved: 3 to import, 0 to add, 0 to change, 0 to destroy" in said


def test_the_committed_adoption_is_the_sandbox_s_own(session: Session) -> None:
    """`imports/arquantix/` in the repository is what adopting the sandbox's account gives.

    To write it anew: start a sandbox, `eval "$(bascule sandbox env)"`, `bascule adopt`.
    """
    adopt(session)
    committed = Path(__file__).parents[2] / "imports" / demo.SITE
    assert {name: without_header((committed / name).read_text(encoding="utf-8")) for name in (*FILES, FACTS)} == {
        name: without_header(text) for name, text in adopted(session).items()
    }
    assert "read from a local stand-in for AWS" in adopted(session)["distribution.tf"]


def test_adopting_again_writes_only_what_has_changed_since(session: Session) -> None:
    """Without a change in the account no byte changes, old headers included; after one, the file whose body differs is
    written."""
    adopt(session)
    old = {name: text.replace("# ", "# long ago: ", 1) for name, text in adopted(session).items()}
    for name, text in old.items():
        files.write(session.workspace.imports(session.name) / name, text)
    rewrite(session, {"Comment": 'now "live", ${really}'})
    assert ["distribution.tf"] == [path.name for path in adopt(session).written]
    assert {name for name, text in adopted(session).items() if text == old[name]} == {*FILES, FACTS} - {
        "distribution.tf"
    }


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("a field that the provider can't express", {"AnycastIpListId": "list-1"}, "AnycastIpListId"),
    (
        "a TLS policy that the provider doesn't know",
        {"ViewerCertificate": {"MinimumProtocolVersion": "TLSv1.3_2025"}},
        "TLSv1.3_2025",
    ),
    ("aliases other than the site file's", {"Aliases": {"Quantity": 0, "Items": []}}, "its aliases are none"),
]


@pytest.mark.parametrize(("change", "message"), [(c, m) for _, c, m in REFUSED], ids=[name for name, _, _ in REFUSED])
def test_a_distribution_that_would_lose_something_is_refused_before_anything_is_written(
    session: Session, change: dict[str, Any], message: str
) -> None:
    """What the first update would reset or downgrade stops the adoption, by name."""
    rewrite(session, change)
    with pytest.raises(BasculeError, match=message):
        adopt(session)
    assert not session.workspace.imports(session.name).exists()


SITE_EDITS = [
    ("no such distribution", "EPJ3WQCO04UWW", "EAAAAAAAAAAAAA", "no such distribution"),
    ("no such bucket", 'name = "arquantix-coming-soon-dev"', 'name = "arquantix-not-there"', "no such bucket"),
    ("no such cluster", "arquantix-cluster", "other-cluster", "no such cluster"),
    ("no such service", 'name = "arquantix-coming-soon"\n', 'name = "other"\n', "no such active service"),
    ("the wrong port", "container_port = 3000", "container_port = 3001", "no container listens on port 3001"),
    ("the wrong region", 'region = "me-central-1"\naliases', 'region = "eu-west-1"\naliases', "eu-west-1"),
]


@pytest.mark.parametrize(("old", "new", "message"), [e[1:] for e in SITE_EDITS], ids=[e[0] for e in SITE_EDITS])
def test_a_site_file_that_names_what_is_not_there_is_a_clear_error(
    session: Session, old: str, new: str, message: str
) -> None:
    """Each resource that doesn't exist is named, with a remedy, before anything is written."""
    path = session.workspace.site_file(session.name)
    text = path.read_text(encoding="utf-8")
    assert old in text
    files.write(path, text.replace(old, new))
    with pytest.raises(BasculeError, match=message) as caught:
        adopt(recording.open_session(session.workspace))
    assert caught.value.remedy
    assert not session.workspace.imports(session.name).exists()


def test_a_service_with_another_deployment_controller_is_refused(tmp_path: Path) -> None:
    """UpdateService can't change the load balancer of a service under CODE_DEPLOY: said before anything is written."""
    account = tmp_path / "codedeploy.toml"
    account.write_text(
        'base = "arquantix"\n[service.config.deploymentController]\ntype = "CODE_DEPLOY"\n', encoding="utf-8"
    )
    with demo.sandboxed(tmp_path / "site", lambda line: None, account) as workspace:
        session = recording.open_session(workspace)
        with pytest.raises(BasculeError, match="deployment controller is CODE_DEPLOY"):
            adopt(session)
        assert not workspace.imports(session.name).exists()


def rewrite(session: Session, change: Mapping[str, Any]) -> None:
    """Change the live distribution as its console would."""
    cloudfront = session.clients("cloudfront")
    found = cloudfront.get_distribution_config(Id=session.site.distribution.id)
    config = found["DistributionConfig"]
    for key, value in change.items():
        config[key] = {**config[key], **value} if isinstance(config.get(key), dict) else value
    cloudfront.update_distribution(Id=session.site.distribution.id, IfMatch=found["ETag"], DistributionConfig=config)
