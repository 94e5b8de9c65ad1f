"""Names of what bascule creates: fixed, and new exactly when a replacement is needed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthesis import configuration, inventory

from bascule.ladder import Stage
from bascule.site_file import SITE_NAME
from modules.names import NAME_LIMIT, fixed_name, tags

ROLES = st.sampled_from(["alb", "app", "tasks"])
INPUTS = st.dictionaries(
    st.sampled_from(["port", "vpc_id", "internal"]), st.integers() | st.booleans() | st.text(max_size=5)
)


@given(st.from_regex(SITE_NAME, fullmatch=True), ROLES, INPUTS)
def test_every_allowed_site_name_makes_allowed_names(site: str, role: str, inputs: dict[str, Any]) -> None:
    """Load balancers and target groups: 32 letters, digits and hyphens, no `internal-`; security groups: no `sg-`."""
    name = fixed_name(site, role, **inputs)
    assert re.fullmatch(r"[a-z][a-z0-9-]{0,30}[a-z0-9]", name)
    assert not name.startswith(("internal-", "sg-"))
    assert len(name) <= NAME_LIMIT


@pytest.mark.parametrize("name", ["sg", "sg-web", "internal", "internal-web", "a", "-web", "web-", "Web", "a" * 20])
def test_a_site_name_that_would_make_a_forbidden_name_is_refused(name: str) -> None:
    """Before AWS would refuse what is named after it."""
    assert SITE_NAME.fullmatch(name) is None


def test_a_name_over_the_limit_is_an_error() -> None:
    """It is never cut: two sites could get the same."""
    with pytest.raises(ValueError, match="33 characters"):
        fixed_name("a" * 20, "tasks")


@given(ROLES, INPUTS, INPUTS)
def test_a_name_changes_exactly_with_what_forces_a_replacement(
    role: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """So the replacement can be created before the old one is destroyed, whose name it may not have."""
    same = repr(sorted(before.items())) == repr(sorted(after.items()))
    assert same == (fixed_name("site", role, **before) == fixed_name("site", role, **after))


def test_the_order_of_inputs_does_not_matter() -> None:
    """Only their values do."""
    assert fixed_name("site", "app", a=1, b=2) == fixed_name("site", "app", b=2, a=1)


def test_tags_name_the_site_and_its_tool() -> None:
    """Each resource that bascule creates carries them."""
    assert {"ManagedBy": "bascule", "Name": "site-alb-1", "Site": "site"} == tags("site", "site-alb-1")


def test_names_and_descriptions_hold_only_characters_that_ec2_allows() -> None:
    """Security groups and their rules: no apostrophe, for instance, which the provider accepts and EC2 refuses.

    Source: EC2 API, CreateSecurityGroup and IpRange.
    """
    found = inventory(configuration("audited", Stage.RETIRE))
    groups = {address: body for address, body in found.items() if "security_group" in address}
    texts = [body[key] for body in groups.values() for key in ("name", "description") if key in body]
    assert len(groups) + 2 == len(texts)
    assert [] == [text for text in texts if not re.fullmatch(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}", text)]
