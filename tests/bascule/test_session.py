"""What a session adds to a configuration where the endpoint is this machine, and takes away where it isn't."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from example import SITE, TEXT, account

from bascule import session, site_file
from bascule.aws import Identity
from bascule.ladder import Stage
from bascule.session import PATH_STYLE_OVERRIDE, Session
from bascule.site import Site
from bascule.terraform import Terraform
from bascule.workspace import Workspace

LOOPBACK = "http://127.0.0.1:5000"
HCP = site_file.parse(
    TEXT.split("[state]")[0] + '[state]\nbackend = "hcp"\norganization = "acme"\nworkspace = "web"\n', "example"
)


def made(endpoint: str, wanted: Site = SITE) -> Session:
    """A session that needs neither Terraform nor an account."""
    with account() as clients:
        identity = Identity("123456789012", "arn", wanted.region, endpoint)
        return Session(
            "example", wanted, Workspace(Path()), clients, identity, Terraform(Path("t"), "1.11.4"), {}, print
        )


@pytest.mark.parametrize("endpoint", ["", "https://aws.example.com", "http://10.0.0.1:5000"])
def test_the_path_style_override_is_there_for_a_loopback_endpoint_alone(tmp_path: Path, endpoint: str) -> None:
    """One that a sandbox left behind is removed before anything runs against an account."""
    override = tmp_path / PATH_STYLE_OVERRIDE
    session.set_path_style(tmp_path, endpoint)
    assert not override.exists()
    session.set_path_style(tmp_path, LOOPBACK)
    assert {"provider": {"aws": {"s3_use_path_style": True}}} == json.loads(override.read_text())
    session.set_path_style(tmp_path, endpoint)
    assert not override.exists()


@pytest.mark.parametrize(
    ("endpoint", "wanted", "told"),
    [(LOOPBACK, SITE, ("use_path_style=true",)), (LOOPBACK, HCP, ()), ("", SITE, ()), ("http://10.0.0.1", SITE, ())],
)
def test_the_backend_is_told_of_path_style_where_it_is_s3_on_loopback(
    endpoint: str, wanted: Site, told: tuple[str, ...]
) -> None:
    """On AWS the configuration says everything."""
    assert told == session.backend_config(made(endpoint, wanted))


def test_the_same_session_wants_another_rung() -> None:
    """Only that differs, and only in the copy."""
    one = made("")
    other = one.at(Stage.SERVE)
    assert (Stage.ADOPT, Stage.SERVE) == (one.site.stage, other.site.stage)
    assert one == other.at(Stage.ADOPT)
