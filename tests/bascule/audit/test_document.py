"""The document that people read, in both languages.

`pytest tests/bascule/audit --snapshot-update` regenerates the golden files. What a sandbox makes anew at every start
(the day, the end of the certificate) is pinned in tests/support/audited.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import answered
import audited
import pytest
from answered import DOMAIN, VIEWER, service
from audited import ANSWERS
from example import Refusal
from small_reviews import golden
from syrupy.assertion import SnapshotAssertion

from bascule.audit.blocks import Block, Heading, Items, Paragraph, Picture, Steps, Table
from bascule.audit.changes import Changed
from bascule.audit.document import Audit, document
from bascule.audit.phrases import Phrase
from bascule.formats import Language
from bascule.iam_actions import action_of
from bascule.language import say_in
from bascule.renderers import audit_json, audit_markdown, audit_text

FORMATS = {"txt": audit_text, "md": audit_markdown}


# --- golden documents


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("extension", FORMATS)
def test_the_first_account_reads_like_this(
    arquantix: Audit, extension: str, language: Language, snapshot: SnapshotAssertion
) -> None:
    """The account that was audited by hand on 2026-01-03, out of the sandbox."""
    shown = FORMATS[extension].render(document(arquantix), say_in(language))
    assert shown == snapshot(extension_class=golden(extension))


def test_the_first_account_as_json(arquantix: Audit, snapshot: SnapshotAssertion) -> None:
    """Which has no language."""
    assert audit_json.render(arquantix) == snapshot(extension_class=golden("json"))


CHANGES = (
    Changed("distribution.aliases", "example.com, www.example.com", "www.example.com"),
    Changed("distribution.web_acl", None, "arn:aws:wafv2:us-east-1:123456789012:global/webacl/site/1"),
)


@pytest.mark.parametrize("language", Language)
def test_an_account_that_has_everything_reads_like_this(language: Language, snapshot: SnapshotAssertion) -> None:
    """And what changed in it since an earlier audit."""
    made = replace(audited.audit(audited.read()), since=date(2026, 1, 1), changes=CHANGES)
    shown = audit_markdown.render(document(made), say_in(language))
    assert shown == snapshot(extension_class=golden("md"))


@pytest.mark.parametrize("language", Language)
def test_an_account_that_lets_nothing_be_read_reads_like_this(language: Language, snapshot: SnapshotAssertion) -> None:
    """Every permission that is missing is named."""
    shown = audited.rendered(audited.audit(audited.read(*ANSWERS)), language)
    assert shown == snapshot(extension_class=golden("txt"))


# --- whatever is refused


def words(value: Any) -> Iterator[Any]:
    """Every word of a document, down to those in a phrase."""
    match value:
        case Heading(_, text) | Paragraph(text, _):
            yield from words(text)
        case Items(items):
            for label, said in items:
                yield from words((*(() if label is None else (label,)), said))
        case Table(head, rows):
            yield from words((head, rows))
        case Steps(steps):
            yield from words(steps)
        case Picture(stations):
            yield from words(stations)
        case Phrase(template, values):
            yield template
            for one in values.values():
                yield from words(one)
        case tuple():
            assert value, "no words at all"
            for one in value:
                yield from words(one)
        case _:
            yield value


def assert_nothing_blank(blocks: tuple[Block, ...]) -> None:
    """No word is empty or Python's for nothing, and no cell, item or list is."""
    for block in blocks:
        for word in words(block):
            assert isinstance(word, str | int | float | date), block
            assert not isinstance(word, bool), block
            assert str(word).strip() not in ("", "None", "{}", "[]"), block


def seen_after(text: str, heading: str) -> str:
    """A section of a document in Markdown."""
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("call", ANSWERS, ids=":".join)
def test_any_call_may_be_refused(call: tuple[str, str]) -> None:
    """The document is made all the same, says which permission is missing, and leaves nothing blank."""
    made = audited.audit(audited.read(call))
    assert_nothing_blank(document(made))
    action = action_of(*call)
    english = audited.rendered(made, Language.EN, markdown=True)
    french = audited.rendered(made, Language.FR, markdown=True)
    assert f"- {action} is refused to this role\n" in seen_after(english, "What this audit couldn't see") + "\n"
    assert f"- {action} est refusé à ce rôle\n" in seen_after(french, "Ce que cet audit n'a pas pu voir") + "\n"
    assert f'"unknown": "{action}"' in audit_json.render(made)


@pytest.mark.parametrize("call", ANSWERS, ids=":".join)
def test_any_call_may_fail_otherwise(call: tuple[str, str]) -> None:
    """Then it isn't said that a permission is missing, but what AWS answered."""
    made = audited.audit(audited.read(call, refusal=Refusal("SubscriptionRequiredException", "No support plan", 400)))
    assert_nothing_blank(document(made))
    shown = seen_after(audited.rendered(made, Language.EN, markdown=True), "What this audit couldn't see")
    assert f"{action_of(*call)} isn't answered (SubscriptionRequiredException: No support plan)" in shown
    assert "is refused" not in shown


@pytest.mark.parametrize(
    ("call", "section", "action"),
    [
        (("ecs", "DescribeServices"), "ECR repository", "ecs:DescribeServices"),
        (("ecs", "DescribeTaskDefinition"), "ECR repository", "ecs:DescribeTaskDefinition"),
        (("ecs", "DescribeServices"), "Load balancers in the service's VPC", "ecs:DescribeServices"),
        (("ec2", "DescribeSubnets"), "Load balancers in the service's VPC", "ec2:DescribeSubnets"),
        (("cloudfront", "GetDistribution"), "CloudFront origins", "cloudfront:GetDistribution"),
        (("s3", "HeadBucket"), "S3 bucket", "s3:ListBucket"),
    ],
)
def test_what_hangs_on_a_refused_call_is_unknown_too(call: tuple[str, str], section: str, action: str) -> None:
    """It isn't said that there is none."""
    shown = audited.rendered(audited.audit(audited.read(call)), Language.EN)
    told = re.split(r"\n\d\. ", shown.partition(f". {section}\n")[2])[0]
    assert told.startswith(f"\nunknown: {action} is refused to this role\n")


# --- no prose outside of the catalogue


def pseudo(said: list[str]) -> Callable[[Any], str]:
    """A language that marks what it says: ⟦phrases, numbers and dates⟧, and ⟨data⟩, which it keeps."""

    def say(value: Any) -> str:
        if isinstance(value, Phrase):
            return f"⟦{value.template.format(**{name: say(inner) for name, inner in value.values.items()})}⟧"
        if isinstance(value, tuple):
            return ", ".join(say(one) for one in value)
        if isinstance(value, str):
            said.append(value)
            return f"⟨{value}⟩"
        return f"⟦{value}⟧"

    return say


def unmarked(shown: str) -> str:
    """What is left of a document without commands and what is marked."""
    text = "\n".join(line for line in shown.splitlines() if not line.startswith("       "))
    while (less := re.sub(r"⟦[^⟦⟧⟨⟩]*⟧|⟨[^⟦⟧⟨⟩]*⟩", "", text)) != text:
        text = less
    return text


NAMES = ("CloudFront", "S3", "ALB", "ECS")
"""What stands in the picture of a request's way in every language."""

EVERYTHING: Mapping[str, Callable[[], Audit]] = {
    "as it is": lambda: audited.audit(audited.read()),
    "changed": lambda: replace(audited.audit(audited.read()), since=date(2026, 1, 1), changes=CHANGES),
    "not changed": lambda: replace(audited.audit(audited.read()), since=date(2026, 1, 1)),
    "nothing read": lambda: audited.audit(audited.read(*ANSWERS)),
    "no distribution": lambda: audited.audit(replace(audited.read(), distribution=None)),
    "no bucket": lambda: audited.audit(replace(audited.read(), bucket=None)),
    "no service": lambda: audited.audit(replace(audited.read(), service=None, subnets=None)),
    "CODE_DEPLOY": lambda: audited.audit(
        audited.read(
            DescribeServices={"services": [service("deploymentController", {"type": "CODE_DEPLOY"}) | audited.RUNNING]}
        )
    ),
    "no public subnet": lambda: audited.audit(audited.read(DescribeRouteTables={"RouteTables": []})),
    "no task": lambda: audited.audit(audited.read(ListTasks={"taskArns": []})),
    "an ALB that is internal": lambda: audited.audit(
        audited.read(DescribeLoadBalancers={"LoadBalancers": [audited.balancer(Scheme="internal")]})
    ),
}


@pytest.mark.parametrize("make", EVERYTHING.values(), ids=EVERYTHING)
def test_no_prose_is_outside_of_the_catalogue(make: Callable[[], Audit]) -> None:
    """In a language that marks all that it is asked to say, nothing is left; and data comes from the facts."""
    made, data = make(), list[str]()
    assert_nothing_blank(document(made))
    left = unmarked(audit_text.render(document(made), pseudo(data)))
    assert [] == re.findall(r"[^\W\d_]+", left)
    known = " ".join((json.dumps(made.facts, ensure_ascii=False), *NAMES, *(str(one) for one in CHANGES), "https"))
    lacking = {word for text in data for word in re.findall(r"[^\W\d_]+", text) if word not in known}
    assert set() == lacking


COMMANDS = ("adopt", "plan", "apply", "policy", "preflight", "rollback", "secret", "invalidate", "verify")


@pytest.mark.parametrize("make", EVERYTHING.values(), ids=EVERYTHING)
def test_a_command_is_a_command(make: Callable[[], Audit]) -> None:
    """Or a comment of the shell: who pastes the lines of a step does that step."""
    for block in document(make()):
        for _, commands in block.steps if isinstance(block, Steps) else ():
            for command in commands:
                assert re.match(
                    r"(bascule (adopt|plan|apply|policy|preflight|rollback|secret|invalidate|verify)|aws|curl|npm|#) ?",
                    command,
                )


# --- what else is said


def test_the_title_is_the_name_that_visitors_use() -> None:
    """Else the site's own."""
    nameless = audited.read()
    config = {**nameless.config, "Aliases": {"Quantity": 0}}
    nameless = replace(nameless, distribution={**nameless.distribution, "DistributionConfig": config})
    site = audited.SITE.model_copy(update={"aliases": ()})
    assert "example.com" == audited.audit(audited.read()).title
    assert "example" == audited.audit(nameless, site).title
    assert f"curl -sSI https://{DOMAIN}/" in audited.rendered(audited.audit(nameless, site), Language.EN)


def test_a_move_that_was_made_asks_for_what_comes_after_it() -> None:
    """Visitors get the application already: caches, a look at every name, and the way back."""
    found = audited.read()
    origin = {**found.config["Origins"]["Items"][0], "DomainName": "shared-1.me-central-1.elb.amazonaws.com"}
    config = {**found.config, "Origins": {"Quantity": 1, "Items": [origin]}}
    moved = replace(found, distribution={**found.distribution, "DistributionConfig": config})
    shown = audited.rendered(audited.audit(moved), Language.EN)
    assert "the move has been made" in shown
    assert "Conclusion: CloudFront points at a load balancer." in shown
    commands = [c for b in document(audited.audit(moved)) if isinstance(b, Steps) for _, cs in b.steps for c in cs]
    assert ["bascule invalidate", "bascule verify"] == commands[:2]
    assert "bascule rollback" == commands[-1]
    assert "Possible ways" not in shown


def test_an_alb_that_can_be_reused_is_told_from_one_that_cannot() -> None:
    """Each with why."""
    two = [audited.balancer(), audited.balancer("inside", Scheme="internal")]
    shown = audited.rendered(audited.audit(audited.read(DescribeLoadBalancers={"LoadBalancers": two})), Language.EN)
    (shared,) = re.findall(r"^  shared .*$", shown, re.MULTILINE)
    (inside,) = re.findall(r"^  inside .*$", shown, re.MULTILINE)
    assert shared.endswith("HTTPS:443  yes")
    assert inside.endswith("no: inside is internal: CloudFront can't reach it as a plain origin")


@pytest.mark.parametrize(
    ("image", "tags", "said"),
    [
        ("@sha256:" + "0" * 64, "MUTABLE", "(by its digest: always the same image)"),
        (":latest", "MUTABLE", "(by a tag that can move: a task that starts later may run another image)"),
        (
            ":latest",
            "MUTABLE_WITH_EXCLUSION",
            "(by a tag that can move: a task that starts later may run another image)",
        ),
        (":1.2", "IMMUTABLE", "(by a tag that can't move)"),
    ],
)
def test_whether_the_image_stays_the_same_is_told(image: str, tags: str, said: str) -> None:
    """A tag of a mutable repository may come to mean another one."""
    definition = answered.definition(answered.container(image=audited.IMAGE.removesuffix(":latest") + image))
    repository = {"repositoryName": "next", "imageTagMutability": tags}
    found = audited.read(
        DescribeTaskDefinition={"taskDefinition": definition}, DescribeRepositories={"repositories": [repository]}
    )
    assert said in audited.rendered(audited.audit(found), Language.EN)


def test_an_image_from_elsewhere_has_no_repository() -> None:
    """Whether its tag can move isn't known then."""
    definition = answered.definition(answered.container(image="docker.io/library/next:latest"))
    shown = audited.rendered(
        audited.audit(audited.read(DescribeTaskDefinition={"taskDefinition": definition})), Language.EN
    )
    assert "(by a tag; whether it can move isn't known)" in shown
    assert "5. ECR repository\n\nThere is none.\n" in shown


def viewer(**certificate: Any) -> dict[str, Any]:
    """What GetDistribution answers where visitors see another certificate."""
    live = audited.answer("cloudfront", "GetDistribution", {})["Distribution"]
    return {
        "Distribution": {**live, "DistributionConfig": {**live["DistributionConfig"], "ViewerCertificate": certificate}}
    }


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"GetDistribution": viewer(CloudFrontDefaultCertificate=True)}, r"Certificate: +CloudFront's own"),
        (
            {"GetDistribution": viewer(IAMCertificateId="ASCAEXAMPLE")},
            r"Certificate: +ASCAEXAMPLE \(not in this account's ACM\)",
        ),
        (
            {"DescribeCertificate": {"Certificate": answered.certificate(VIEWER, "example.com", status="EXPIRED")}},
            r"Names of the certificate: example\.com EXPIRED",
        ),
    ],
)
def test_the_certificate_that_visitors_see_is_told(answers: dict[str, Any], said: str) -> None:
    """Whoever keeps it, and whether it is good."""
    assert re.search(said, audited.rendered(audited.audit(audited.read(**answers)), Language.EN))
