"""Accounts that differ from the first one in what an audit is there to see (tests/sandbox/audited).

Each is a sandbox of its own; what it answers to a survey is what its audit is made of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import audited
import pytest
from jmespath import search

from bascule import demo, site_file
from bascule.audit.document import Audit
from bascule.audit.options import options, recommended
from bascule.formats import Language
from bascule.renderers import audit_json
from bascule.sandbox import control

ACCOUNTS = sorted((Path(__file__).parents[2] / "sandbox" / "audited").glob("*.toml"))
SITE = site_file.load(demo.SITE_FILE)
OPEN, CLOSED = "feasible", "not feasible"
WWW = "names[?name=='www.arquantix.com'].here | [0]"
BUCKET = "arquantix-coming-soon-dev"

EXPECTED: Mapping[str, tuple[str, str, str | None, Mapping[str, Any]]] = {
    "reusable-alb": (
        OPEN,
        OPEN,
        "create-alb",
        {
            "load_balancers[].scheme": ["internet-facing"],
            "load_balancers[].listeners[].[protocol, port, priorities]": [["HTTPS", 443, [10, 20]]],
            "network.balancers": 1,
        },
    ),
    "two-albs": (
        OPEN,
        OPEN,
        "create-alb",
        {"sort(load_balancers[].scheme)": ["internal", "internet-facing"], "network.balancers": 2},
    ),
    "private-subnets": (CLOSED, CLOSED, None, {"network.subnets[].public": [False, False, False]}),
    "private-service": (
        CLOSED,
        OPEN,
        "create-alb",
        {
            "network.subnets[].[public, wanted]": [[True, False], [True, False], [False, True], [False, True]],
            "service.tasks[].public": [],
        },
    ),
    "one-zone": (CLOSED, CLOSED, None, {"network.subnets[].zone": ["me-central-1a"] * 3}),
    "full-subnet": (
        CLOSED,
        CLOSED,
        None,
        {"network.subnets[?free < `8`].zone": ["me-central-1a", "me-central-1b"]},
    ),
    "code-deploy": (
        CLOSED,
        CLOSED,
        None,
        {
            "service.controller": "CODE_DEPLOY",
            "load_balancers[].name": ["blue-green"],
            "length(service.target_groups)": 1,
        },
    ),
    "wrong-port": (
        CLOSED,
        CLOSED,
        None,
        {"service.task_definition.[port, ports, listens]": [3000, [8080], False]},
    ),
    "missing-distribution": (CLOSED, CLOSED, None, {"distribution": None, WWW: None, "bucket.used_by": []}),
    "bucket-elsewhere": (CLOSED, OPEN, "create-alb", {"bucket.region": "eu-west-1"}),
    "many": (
        CLOSED,
        OPEN,
        "create-alb",
        {
            "bucket.contents.[objects, more]": [1201, False],
            "registry.images": 303,
            "length(registry.latest)": 3,
            "registry.latest[0].tags": ["latest"],
        },
    ),
    "apex-alias": (
        CLOSED,
        OPEN,
        "create-alb",
        {
            "distribution.aliases": ["arquantix.com", "www.arquantix.com"],
            "names[].[name, alias, here, by]": [
                ["arquantix.com", True, True, "route53"],
                ["www.arquantix.com", True, True, "route53"],
            ],
        },
    ),
    "other-dns": (
        CLOSED,
        OPEN,
        "create-alb",
        {
            "names[].[name, alias, here, answer]": [
                ["arquantix.com", False, False, "192.0.2.10"],
                ["www.arquantix.com", True, False, "sites.example.net"],
            ]
        },
    ),
    "busy-service": (CLOSED, OPEN, "create-alb", {"service.[desired, running]": [1, 1]}),
    "autoscaled": (CLOSED, OPEN, "create-alb", {"service.autoscaling": {"min": 1, "max": 4}}),
    "shared-database": (CLOSED, OPEN, "create-alb", {"service.status": "ACTIVE"}),
    "staging-leftover": (
        CLOSED,
        OPEN,
        "create-alb",
        {"length(bucket.used_by)": 3, "distribution.continuous_deployment != null": True},
    ),
    "masked-errors": (
        CLOSED,
        OPEN,
        "create-alb",
        {
            "distribution.error_responses[].[code, page, answered]": [
                [403, "/index.html", "200"],
                [404, "/index.html", "200"],
            ],
            "distribution.behaviors[].functions[]": ["to-index (viewer-request)"],
        },
    ),
    "no-secret-no-state": (CLOSED, OPEN, "create-alb", {"secret": False}),
    "unversioned-state": (CLOSED, OPEN, "create-alb", {"secret": True}),
    "narrow-certificate": (
        CLOSED,
        OPEN,
        "create-alb",
        {
            "distribution.certificate.names": ["www.arquantix.com"],
            "distribution.aliases": ["arquantix.com", "www.arquantix.com"],
        },
    ),
    "expired-certificate": (CLOSED, OPEN, "create-alb", {"distribution.certificate.expires": "2025-12-31"}),
    "immutable-scanned": (CLOSED, OPEN, "create-alb", {"registry.tags": "IMMUTABLE"}),
}
"""For each account, the verdicts on an existing and a new ALB, what is recommended, and what it is there for."""


@pytest.fixture(scope="session")
def audit_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Audit]]:
    """The audit of an account by its file's name, made once."""
    roots = audited.sandboxes(ACCOUNTS, tmp_path_factory.mktemp("accounts"))

    survey = cache(lambda name: audited.survey_of(audited.running(roots[name]), SITE))
    yield cache(lambda name: audited.audit(survey(name), SITE, demo.SITE))
    for root in roots.values():
        (root / control.READY).unlink(missing_ok=True)  # which ends them, all at the same time


def test_every_account_has_its_expectation() -> None:
    """A file that nothing is expected of tests nothing."""
    assert {path.stem for path in ACCOUNTS} == EXPECTED.keys()


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items(), ids=EXPECTED)
def test_what_an_account_is_about_is_seen(
    name: str, expected: tuple[str, str, str | None, Mapping[str, Any]], audit_of: Callable[[str], Audit]
) -> None:
    """In the facts, and in which ways are open."""
    existing, new, wanted, facts = expected
    made = audit_of(name)
    found = options(made.facts)
    assert facts == {where: search(where, dict(made.facts)) for where in facts}
    assert (existing, new) == (found[0].verdict, found[1].verdict)
    recommendation = recommended(found)
    assert wanted == (recommendation.strategy if recommendation else None)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_account_can_be_told_in_every_form(name: str, audit_of: Callable[[str], Audit]) -> None:
    """And the JSON is the facts again."""
    made = audit_of(name)
    for language in Language:
        shown = audited.rendered(made, language)
        assert not re.search(r"\bNone\b(?! of the ways)", shown)
    assert made.facts == json.loads(audit_json.render(made))["facts"]


def test_many_are_counted_in_the_reader_s_form(audit_of: Callable[[str], Audit]) -> None:
    """More than a thousand objects are two pages of S3, 300 images three of ECR."""
    made = audit_of("many")
    assert "  Objects:                    1,201\n" in audited.rendered(made, Language.EN)
    assert "**Objets\xa0:** 1\u202f201\n" in audited.rendered(made, Language.FR, markdown=True)
    assert "  Images:       303\n" in audited.rendered(made, Language.EN)
