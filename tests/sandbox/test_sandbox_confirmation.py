"""What is known before the site is asked, to roles that hold a generated policy alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import roles

from bascule import demo, policies, site_file, survey, verification
from bascule.aws import Identity
from bascule.policies import Kind
from bascule.sandbox import control
from bascule.sandbox.control import Running
from bascule.verify.expectation import Expectation

SITE = site_file.load(demo.SITE_FILE)


@pytest.fixture
def guarded(sandbox: Running) -> Iterator[Running]:
    """The shared sandbox with IAM on."""
    control.configure(sandbox, iam=True)
    yield sandbox
    control.configure(sandbox, iam=False)


def expected(sandbox: Running, **held: roles.Document) -> Expectation:
    """What a role with these policies would expect of the site, read as `bascule cutover` reads it."""
    roles.put(sandbox, "verifying", **held)
    made = roles.clients(sandbox, "verifying")

    def clients(service: str, region: str | None = None, /) -> Any:
        return made(service, **({"region_name": region} if region else {}))

    identity = Identity(sandbox.account_id, "arn", SITE.region, sandbox.endpoint)
    return verification.expected(survey.take(clients, identity, SITE), SITE, clients)


@pytest.mark.parametrize("kind", ["apply", "audit"])
def test_a_role_with_one_policy_knows_all_that_a_verification_needs(guarded: Running, kind: Kind) -> None:
    """The tasks' addresses and the old page: a row that isn't known would end a cut-over in 1, with all done."""
    found = expected(guarded, **{kind: policies.document(kind, SITE, guarded.account_id)})
    everything = expected(guarded, all=roles.EVERYTHING)
    assert found.closed
    assert found.markers.index_html
    assert (everything.host, everything.closed, everything.markers) == (found.host, found.closed, found.markers)
