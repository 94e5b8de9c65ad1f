"""The site file: every rule, and bad input of any kind ends in one readable error."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from example import SITE, TEXT
from hypothesis import given, settings
from hypothesis import strategies as st

from bascule import site, site_file, site_reference
from bascule.errors import InputError
from bascule.ladder import Stage

WHERE = "sites/example.toml"


def changed(*replacements: tuple[str, str]) -> str:
    """The example with parts replaced, each of them there exactly once."""
    text = TEXT
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def table(name: str, lines: str) -> str:
    """The example with lines added to one table, or with the table added."""
    return changed((f"[{name}]\n", f"[{name}]\n{lines}\n")) if f"[{name}]" in TEXT else f"{TEXT}\n[{name}]\n{lines}\n"


def refused(text: str) -> str:
    """The error for a site file's text."""
    with pytest.raises(InputError) as caught:
        site_file.parse(text, WHERE)
    return str(caught.value)


def assert_readable(error: InputError, where: str) -> None:
    """The error names the file, says something, fits one screen, and shows on a terminal as it is written."""
    lines = str(error).split("\n")
    assert any(where in line for line in lines), lines
    assert lines[0].strip()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 200
    assert [] == [c for line in lines for c in line if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


@contextmanager
def judged(where: str) -> Iterator[None]:
    """What runs inside goes well, or ends in one readable error that names the file."""
    try:
        yield
    except InputError as error:
        assert_readable(error, where)


def test_the_shortest_site_file_gets_the_documented_defaults() -> None:
    """What isn't written has the default that the reference page shows."""
    assert (Stage.ADOPT, "create-alb", None) == (SITE.stage, SITE.strategy, SITE.account)
    assert ("/api/health", "/_next/static/*") == (SITE.distribution.probe_path, SITE.distribution.static_path)
    assert ("http", "X-Origin-Verify", 30, 5) == (
        SITE.origin.protocol,
        SITE.origin.secret_header,
        SITE.origin.read_timeout,
        SITE.origin.keepalive_timeout,
    )
    assert 120 == SITE.health_check.interval * SITE.health_check.unhealthy_threshold


def test_import_ids_are_what_terraform_imports_by() -> None:
    """Id, bucket name, and cluster/service."""
    expected = {
        "aws_cloudfront_distribution": "E1EXAMPLE0SITE",
        "aws_s3_bucket": "old-site",
        "aws_ecs_service": "web/next",
    }
    assert expected == SITE.import_ids()


def test_a_site_is_frozen() -> None:
    """Nothing changes a site on the way."""
    with pytest.raises(ValueError, match="frozen"):
        SITE.region = "eu-west-1"


def test_state_may_lie_in_hcp_terraform() -> None:
    """The state's table is one of two, told apart by `backend`."""
    text = TEXT.split("[state]")[0] + '[state]\nbackend = "hcp"\norganization = "acme"\nworkspace = "web"\n'
    assert site.HcpState(backend="hcp", organization="acme", workspace="web") == site_file.parse(text, WHERE).state


ACCEPTED = {
    "https": table(
        "origin",
        'protocol = "https"\n'
        'certificate_arn = "arn:aws:acm:me-central-1:123456789012:certificate/3f6c0a52-7d1e-4b89-9c35-e2a8d4170b6f"',
    ),
    "kept groups": table("service", 'keep_security_groups = ["sg-04e1c7b9a3f58d260"]'),
    "subnets": table("load_balancer", 'subnets = ["subnet-01b6f3e8d24c7a590", "subnet-02c7a4f9e35d8b6a1"]'),
    "matcher": table("health_check", 'matcher = "200-299,301,404"'),
    "wildcard alias": changed(('"example.com"]', '"*.example.com"]')),
    "account": f'account = "123456789012"\n{TEXT}',
    "government region": changed(('region = "me-central-1"', 'region = "us-gov-west-1"')),
    "no aliases": changed(('["www.example.com", "example.com"]', "[]")),
    "every stage": changed(('"adopt"', '"retire"')),
    "text beyond ASCII": changed(('"example.tfstate"', '"sites/örtlich.tfstate"')),
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(text: str) -> None:
    """What AWS takes is accepted."""
    site_file.parse(text, WHERE)


REFUSED = {
    "an unknown key": (table("service", "desired = 1"), "service.desired: unknown key"),
    "an unknown table": (f"{TEXT}[cdn]\n", "cdn: unknown key"),
    "an unknown key called like a state model": (f"s3 = 1\n{TEXT}", "s3: unknown key"),
    "an unknown key of the state": (table("state", "s3 = 1"), "state.s3: unknown key"),
    "a stage that isn't": (changed(('"adopt"', '"up"')), "stage: Input should be 'none', 'adopt', 'build'"),
    "no stage": (changed(('stage = "adopt"', "")), "stage: missing; one of none, adopt"),
    "another strategy": (changed(('"create-alb"', '"magic"')), "strategy: Input should be 'create-alb'"),
    "a region in words": (changed(('region = "me-central-1"', 'region = "UAE"')), "region: String should match"),
    "a region with an Arabic digit": (
        changed(('"me-central-1"', '"me-central-\u0661"')),
        "region: String should match",
    ),
    "an account as a number": (f"account = 123456789012\n{TEXT}", "account: Input should be a valid string"),
    "an account that is short": (f'account = "12345678901"\n{TEXT}', "account: String should match"),
    "an alias with a scheme": (changed(('"example.com"]', '"https://example.com"]')), "aliases.1: String should match"),
    "an alias in capitals": (changed(('"example.com"]', '"Example.com"]')), "aliases.1: String should match"),
    "aliases as one text": (changed(('["www.example.com", "example.com"]', '"a.example.com"')), "aliases: has to be"),
    "no distribution": (changed(('[distribution]\nid = "E1EXAMPLE0SITE"\n', "")), "distribution: missing"),
    "a distribution's ARN": (changed(('"E1EXAMPLE0SITE"', '"arn:aws:cloudfront::1:d/E1"')), "distribution.id: String"),
    "a probe path with a space": (table("distribution", 'probe_path = "/a b"'), "distribution.probe_path: String"),
    "a relative path": (table("health_check", 'path = "health"'), "health_check.path: String should match"),
    "a long path": (table("health_check", f'path = "/{"a" * 300}"'), "health_check.path: String should have at most"),
    "a cluster's ARN": (changed(('"web"', '"arn:aws:ecs:me-central-1:1:cluster/web"')), "service.cluster: String"),
    "a port as text": (changed(("3000", '"3000"')), "service.container_port: Input should be a valid integer"),
    "a port as true": (changed(("3000", "true")), "service.container_port: Input should be a valid integer"),
    "a port as a fraction": (changed(("3000", "3000.0")), "service.container_port: Input should be a valid integer"),
    "a port too high": (changed(("3000", "65536")), "service.container_port: Input should be less than or equal"),
    "no port": (changed(("container_port = 3000\n", "")), "service.container_port: missing; containerPort in the"),
    "a security group's name": (table("service", 'keep_security_groups = ["web"]'), "keep_security_groups.0: String"),
    "a container of two words": (table("service", 'container = "a b"'), "service.container: String should match"),
    "an empty text": (changed(('"example.tfstate"', '" "')), "state.key: String should have at least 1"),
    "https without a certificate": (table("origin", 'protocol = "https"'), 'origin: protocol = "https" needs certif'),
    "a certificate without https": (
        table("origin", 'certificate_arn = "arn:aws:acm:me-central-1:123456789012:certificate/1"'),
        'origin: certificate_arn is used only with protocol = "https"',
    ),
    "a reserved header": (
        table("origin", 'secret_header = "X-Amz-Secret"'),
        "origin.secret_header: CloudFront refuses",
    ),
    "a header that CloudFront sets": (
        table("origin", 'secret_header = "Host"'),
        "origin.secret_header: CloudFront ref",
    ),
    "a long header": (table("origin", f'secret_header = "X-{"a" * 40}"'), "origin.secret_header: String should match"),
    "a parameter without a slash": (changed(('"/bascule/', '"bascule/')), "origin.secret_parameter: String should"),
    "a read timeout too long": (table("origin", "read_timeout = 121"), "origin.read_timeout: Input should be less"),
    "a timeout not below its interval": (
        table("health_check", "interval = 5"),
        "health_check: timeout = 5 has to be below interval = 5",
    ),
    "a status that no ALB expects": (table("health_check", 'matcher = "200-599"'), "health_check.matcher: String"),
    "a matcher of three ends": (table("health_check", 'matcher = "200-300-400"'), "health_check.matcher: String"),
    "no state": (TEXT.split("[state]")[0], 'state: missing; a table with backend = "s3" or "hcp"'),
    "a state without backend": (changed(('backend = "s3"', "")), 'state.backend: has to be "s3" or "hcp"'),
    "another backend": (changed(('"s3"', '"local"')), 'state.backend: has to be "s3" or "hcp"'),
    "a backend with the other's keys": (changed(('"s3"', '"hcp"')), "state.organization: missing"),
    "state in the site's own bucket": (changed(('"state-elsewhere"', '"old-site"')), "state.bucket is the site's own"),
    "a line break in a key of S3": (changed(('"example.tfstate"', '"a\\nb"')), "state.key: String should match"),
    "a table where a text belongs": (
        changed(('region = "me-central-1"', "")) + "[region]\n",
        "region: Input should be",
    ),
    "a text where a table belongs": (
        changed(("[bucket]\nname", "[x]\nname"), ("stage =", 'bucket = "old-site"\nstage =')),
        "bucket: Input should be a valid dictionary",
    ),
    "a table twice": (f"{TEXT}[bucket]\n", "not TOML: Cannot declare ('bucket',) twice"),
    "a bad date": (f"account = 2026-02-30\n{TEXT}", "not TOML: Invalid date or datetime (at line 1"),
    "a date": (f"account = 2026-02-03\n{TEXT}", "account: Input should be a valid string"),
    "an unfinished text": (TEXT[: TEXT.index("next")], "not TOML: Unterminated string"),
    "a control character": (changed(('"web"', '"\x1b[31m"')), "not TOML: Illegal character '\\x1b'"),
    "an empty file": ("", "stage: missing"),
    "a file of another kind": ("# A page\n\nWith text.\n", "not TOML: Expected '=' after a key"),
    "deep nesting": ("x = " + "[" * 5000, "not TOML: nested too deeply"),
    "a number of 5,000 digits": (f"x = {'9' * 5000}", "not TOML: Exceeds the limit"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(text: str, reason: str) -> None:
    """The error names the key and the reason, and the file."""
    error = refused(text)
    assert reason in error
    assert f"  where:  {WHERE}" in error


def test_an_error_names_eight_keys_and_counts_the_rest() -> None:
    """However much is wrong, the error fits one screen."""
    lines = refused("".join(f"unknown{n} = 1\n" for n in range(100)) + TEXT).split("\n")
    assert [f"unknown{n}: unknown key" for n in range(8)] + ["and 92 more"] == lines[:9]


def test_what_a_terminal_would_act_on_is_shown_as_an_escape() -> None:
    """A quoted key may hold an escape sequence, a line break, or a mark that turns the text's direction."""
    assert refused(f'"\\u001b[2J\\n\\u202e" = 1\n{TEXT}').startswith("\\x1b[2J\\n\\u202e: unknown key\n")


@pytest.mark.parametrize("name", ["a-site.toml", "x1.toml", f"{'a' * 19}.toml"])
def test_a_file_s_name_is_the_site_s(tmp_path: Path, name: str) -> None:
    """2 to 19 lowercase letters, digits and hyphens."""
    (tmp_path / name).write_text(TEXT)
    assert SITE == site_file.load(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["a.toml", f"{'a' * 20}.toml", "1a.toml", "a-.toml", "A-site.toml", "a_b.toml", "ä1.toml"]
)
def test_a_name_that_no_load_balancer_could_have_is_refused(tmp_path: Path, name: str) -> None:
    """The site's name leads the names of its resources."""
    (tmp_path / name).write_text(TEXT)
    with pytest.raises(InputError, match="can't be a site's name"):
        site_file.load(tmp_path / name)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Absent, a folder, and not text: each is said."""
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "bytes.toml").write_bytes(TEXT.encode() + b"\xff\xfe")
    for name, reason in {"absent": "no such site file", "folder": "can't be read", "bytes": "not UTF-8 text"}.items():
        with pytest.raises(InputError, match=reason) as caught:
            site_file.load(tmp_path / f"{name}.toml")
        assert f"{name}.toml" in str(caught.value)


# Any bytes at all

HOSTILE = st.text() | st.sampled_from(["\x1b[31m", "\u202e", "\ud7ff", "\x00", "\r", "\n", '"""', "${x}", "a" * 70_000])
SCALAR = (
    HOSTILE
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.dates(min_value=date(1, 1, 1))
    | st.datetimes()
    | st.times()
    | st.none()
)
VALUE = st.recursive(SCALAR, lambda inner: st.lists(inner) | st.dictionaries(HOSTILE, inner), max_leaves=8)
KEYS = [
    (name,) if not site_reference._tables(field.annotation) else (name, key)
    for name, field in site.Site.model_fields.items()
    for table_ in (site_reference._tables(field.annotation) or [site.Site])
    for key in table_.model_fields
]


def toml(value: Any) -> str:
    """A value in TOML's notation; None is something that TOML doesn't have."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in value) + '"'
    return str(value).lower() if isinstance(value, bool | float) else str(value)


@given(changes=st.lists(st.tuples(st.sampled_from(KEYS), VALUE), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_any_value_of_any_key(changes: list[tuple[tuple[str, ...], Any]]) -> None:
    """A wrong value anywhere is either harmless or named."""
    values: dict[str, Any] = tomllib.loads(TEXT)
    for (first, *rest), value in changes:
        if rest and isinstance(values.setdefault(first, {}), dict):
            values[first][rest[0]] = value
        else:
            values[first] = value
    with judged(WHERE):
        site_file.parse("\n".join(f"{key} = {toml(value)}" for key, value in values.items()), WHERE)


@given(where=st.sampled_from(["", "[service]\n", "[state]\n", "[new]\n"]), key=HOSTILE, value=VALUE)
@settings(max_examples=100, deadline=None)
def test_any_unknown_key(where: str, key: str, value: Any) -> None:
    """A key of any characters is named without harm to the terminal."""
    line = f"{toml(key)} = {toml(value)}\n"
    with judged(WHERE):
        site_file.parse(TEXT.replace(where, where + line, 1) if where in TEXT else f"{TEXT}{where}{line}", WHERE)


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_any_damage(data: st.DataObject) -> None:
    """A file cut short, or with any characters put in anywhere."""
    at = data.draw(st.integers(0, len(TEXT)))
    piece = data.draw(HOSTILE | st.sampled_from(["[", "]", "[[", '"', "'''", "=", ".", "#", "{", "\\", "2026-13-01"]))
    with judged(WHERE):
        site_file.parse(TEXT[:at] + piece + (TEXT[at:] if data.draw(st.booleans()) else ""), WHERE)


@given(raw=st.binary() | st.tuples(st.integers(0, len(TEXT)), st.binary()).map(lambda x: TEXT.encode()[: x[0]] + x[1]))
@settings(max_examples=100, deadline=None)
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    """A file of any bytes is a site or one readable error, read from the disk."""
    path = tmp_path_factory.getbasetemp() / "sites" / "example.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(raw)
    with judged(path.name):
        site_file.load(path)


# The one line that bascule writes

PIECES = {
    "double quotes": TEXT,
    "single quotes": changed(('"adopt"', "'adopt'")),
    "no spaces": changed(('stage = "adopt"', 'stage="adopt"')),
    "indented": changed(('stage = "adopt"', '\t stage\t=  "adopt"')),
    "last of its table": changed(
        ('stage = "adopt"  # and this one\n', ""), ("\n[distribution]", 'stage = "adopt"\n\n[distribution]')
    ),
    "CRLF": TEXT.replace("\n", "\r\n"),
    "CRLF and no end of line": TEXT.replace("\n", "\r\n").rstrip(),
    "named in a comment before": f'# stage = "none"\n#stage = "none"\n{TEXT}',
    "named in a comment behind": changed(("# and this one", '# stage = "none"')),
    "named in a value": changed(('"example.tfstate"', "'stage = \"none\"'")),
}


@pytest.mark.parametrize("text", PIECES.values(), ids=PIECES)
@pytest.mark.parametrize("stage", Stage)
def test_with_stage_changes_one_word_and_nothing_else(text: str, stage: Stage) -> None:
    """Every line stays, comments and line ends too; on the one that changes only the value does."""
    before, after = text.split("\n"), site_file.with_stage(text, stage, WHERE).split("\n")
    assert len(before) == len(after)
    differing = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(differing) <= 1
    for old, new in differing:
        word = old.split("=", 1)[1].split("#")[0].strip()
        assert new == old.replace(word, f'"{stage}"', 1)
    assert site_file.parse(text, WHERE).model_copy(update={"stage": stage}) == site_file.parse("\n".join(after), WHERE)


@given(comments=st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30), min_size=4, max_size=4))
@settings(deadline=None)
def test_with_stage_is_undone_by_the_stage_before(comments: list[str]) -> None:
    """Whatever the comments say, going to a stage and back gives the same bytes."""
    lines = TEXT.split("\n")
    for at, comment in zip([1, 2, 3, 7], comments, strict=True):
        lines[at] = f"{lines[at]} #{comment}"
    text = "\n".join(lines)
    assert text == site_file.with_stage(site_file.with_stage(text, Stage.SERVE, WHERE), Stage.ADOPT, WHERE)


UNCHANGEABLE = {
    "in three quotes": changed(('"adopt"', '"""adopt"""')),
    "as a quoted key": changed(('stage = "adopt"', '"stage" = "adopt"')),
    "behind a text of several lines that holds such a line": (
        'state = { backend = "hcp", organization = "acme", workspace = """\\\n  stage = "none"  """ }\n'
        + TEXT.split("[state]")[0]
    ),
}


@pytest.mark.parametrize("text", UNCHANGEABLE.values(), ids=UNCHANGEABLE)
def test_with_stage_refuses_a_line_that_it_cannot_change_alone(text: str) -> None:
    """Such a file is for a person to edit, and the error says what to write."""
    with pytest.raises(InputError) as caught:
        site_file.with_stage(text, Stage.SERVE, WHERE)
    assert WHERE in str(caught.value)


def test_with_stage_says_what_to_write_by_hand() -> None:
    """The refusal's remedy is the line itself."""
    with pytest.raises(InputError) as caught:
        site_file.with_stage(UNCHANGEABLE["in three quotes"], Stage.SERVE, WHERE)
    assert 'write stage = "serve" by hand' == caught.value.remedy


# The reference page


def test_every_key_says_what_it_is() -> None:
    """Each field of each model has a docstring below it."""
    assert [] == site_reference.undocumented()


def test_the_reference_page_is_up_to_date() -> None:
    """docs/site-file.md is what the models say; `python -m bascule.site_reference` writes it anew."""
    page = Path(__file__).parents[2] / site_reference.PAGE
    assert site_reference.page() == page.read_text(), "run: .venv/bin/python -m bascule.site_reference"
