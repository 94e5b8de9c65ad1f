"""What a response headers policy adds to an answer, takes off it, or leaves to the origin."""

from __future__ import annotations

from typing import Any

import pytest

from bascule.sandbox.edge.messages import Answer
from bascule.sandbox.edge.response_headers import with_policy

ORIGINS = Answer(200, (("X-Frame-Options", "DENY"), ("X-Powered-By", "Next.js")), (b"body",))


def security(**members: Any) -> dict[str, Any]:
    return {"SecurityHeadersConfig": members}


def test_without_a_policy_an_answer_is_as_it_was() -> None:
    """Nothing is added."""
    assert ORIGINS == with_policy(ORIGINS, None)


@pytest.mark.parametrize(("override", "expected"), [(False, "DENY"), (True, "SAMEORIGIN")])
def test_the_origins_header_stays_unless_the_policy_overrides_it(override: bool, expected: str) -> None:
    """CloudFront developer guide, "Understand response headers policies"."""
    policy = security(FrameOptions={"FrameOption": "SAMEORIGIN", "Override": override})
    assert expected == with_policy(ORIGINS, policy).header("x-frame-options")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "max-age=300"),
        ({"IncludeSubdomains": True}, "max-age=300; includeSubdomains"),
        ({"IncludeSubdomains": True, "Preload": True}, "max-age=300; includeSubdomains; preload"),
    ],
)
def test_hsts_is_written_as_it_is_configured(more: dict[str, Any], expected: str) -> None:
    """So that `verify` can read its age."""
    policy = security(StrictTransportSecurity={"AccessControlMaxAgeSec": 300, "Override": True, **more})
    assert expected == with_policy(ORIGINS, policy).header("strict-transport-security")


def test_headers_of_ones_own_are_added_and_others_removed() -> None:
    """The body stays."""
    policy = {
        "CustomHeadersConfig": {"Items": [{"Header": "X-Site", "Value": "one", "Override": True}]},
        "RemoveHeadersConfig": {"Items": [{"Header": "X-Powered-By"}]},
    }
    answer = with_policy(ORIGINS, policy)
    assert ("one", "", (b"body",)) == (answer.header("x-site"), answer.header("x-powered-by"), answer.body)
