"""Reading what was adopted: good files, broken files, and the way there and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import imports
from bascule import render, schema
from bascule.errors import InputError
from imports import Adopted, Facts

FACTS = {
    "account": "123456789012",
    "distribution_id": "E1EXAMPLE0SITE",
    "vpc_id": "vpc-1",
    "zones": {"subnet-a": "me-central-1a", "subnet-b": "me-central-1b"},
    "container": "web",
    "container_port": 3000,
}
DISTRIBUTION = {
    "aliases": ["www.example.com"],
    "enabled": True,
    "comment": 'A "quoted" ${"$"}{name} and %%{ 100 %',
    "default_cache_behavior": [{"target_origin_id": "s3", "allowed_methods": ["GET", "HEAD"], "min_ttl": 0}],
    "origin": [{"origin_id": "s3", "domain_name": "a"}, {"origin_id": "two", "domain_name": "b"}],
}
BUCKET = {"bucket": "old-site", "tags": {"Name": "old site", "cost:center": "7"}}
SERVICE = {"name": "next", "desired_count": 2, "network_configuration": [{"subnets": ["subnet-a"]}]}

ADOPTED = Adopted(DISTRIBUTION, BUCKET, SERVICE, Facts(**FACTS))
TYPES = {
    "distribution.tf": "aws_cloudfront_distribution",
    "bucket.tf": "aws_s3_bucket",
    "service.tf": "aws_ecs_service",
}


def write(root: Path, adopted: Adopted = ADOPTED) -> Path:
    """Write the adopted files as `bascule adopt` does, and return their folder."""
    folder = root / "imports" / "example"
    folder.mkdir(parents=True, exist_ok=True)
    for (name, type_), values in zip(
        TYPES.items(), (adopted.distribution, adopted.bucket, adopted.service), strict=True
    ):
        body = render.main_tf({"resource": {type_: {"site": dict(values)}}}, schema.load())
        (folder / name).write_text(f"# read on some day\n\n{body}")
    (folder / "facts.tf").write_text(render.main_tf({"locals": FACTS}, schema.load()))
    return folder


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Values, blocks as lists, and facts, as they were."""
    write(tmp_path)
    assert ADOPTED == imports.read("example", tmp_path)


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from(["\n", "\t", '"', "\\", "$", "%"]))


@given(tags=st.dictionaries(TEXT.map(lambda t: f"k{t}"), TEXT, min_size=1, max_size=4), comment=TEXT)
@settings(deadline=None, max_examples=25)
def test_any_text_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, tags: dict[str, str], comment: str
) -> None:
    """Quotes, backslashes, line breaks, dollars: text that holds no template keeps its meaning, and so its bytes."""
    plain = [text.replace("${", "$ {").replace("%{", "% {") for text in (*tags, *tags.values(), comment)]
    keys, values = plain[: len(tags)], plain[len(tags) : -1]
    adopted = Adopted(
        {**DISTRIBUTION, "comment": plain[-1]}, {"tags": dict(zip(keys, values, strict=True))}, SERVICE, Facts(**FACTS)
    )
    root = tmp_path_factory.getbasetemp() / "round-trip"
    write(root, adopted)
    assert adopted == imports.read("example", root)


def refused(root: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        imports.read("example", root)
    assert "bascule adopt" in caught.value.remedy
    return caught.value


@pytest.mark.parametrize("name", [*TYPES, "facts.tf"])
def test_a_file_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    """It means that the site isn't adopted."""
    folder = write(tmp_path)
    (folder / name).unlink()
    error = refused(tmp_path)
    assert ("this site isn't adopted yet: no such file", str(folder / name)) == (error.what, error.where)


BROKEN_RESOURCES: dict[str, str | bytes] = {
    "nothing": "",
    "only a comment": "# nothing\n",
    "another type": 'resource "aws_instance" "site" {\n}\n',
    "two of them": 'resource "{type}" "a" {\n}\nresource "{type}" "b" {\n}\n',
    "the same twice": 'resource "{type}" "site" {\n}\nresource "{type}" "site" {\n}\n',
    "no label": 'resource "{type}" {\n}\n',
    "an attribute called resource": 'resource = "{type}"\n',
    "cut short": 'resource "{type}" "site" {\n  bucket = "x\n',
    "conflict marks": '<<<<<<< HEAD\nresource "{type}" "site" {\n}\n=======\n>>>>>>> theirs\n',
    "JSON": '{"resource": {}}',
    "other bytes": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("text", BROKEN_RESOURCES.values(), ids=BROKEN_RESOURCES)
def test_a_file_that_is_not_the_resource_is_named(tmp_path: Path, name: str, text: str | bytes) -> None:
    """With what to do: the live account can be read again."""
    path = write(tmp_path) / name
    path.write_bytes(text if isinstance(text, bytes) else text.replace("{type}", TYPES[name]).encode())
    assert str(path) in refused(tmp_path).where


IDS = 'locals {\n account = "1"\n distribution_id = "E"\n vpc_id = "v"\n'
BROKEN_FACTS = {
    "nothing": "",
    "no locals": 'resource "aws_x" "y" {\n}\n',
    "a fact is missing": 'locals {\n  account = "1"\n}\n',
    "two blocks": "locals {\n}\nlocals {\n}\n",
    "zones that are text": IDS + ' zones = "a"\n container = "c"\n container_port = 1\n}\n',
    "a port that is text": IDS + ' zones = {}\n container = "c"\n container_port = "x"\n}\n',
    "not HCL": "locals { = }",
}


@pytest.mark.parametrize("text", BROKEN_FACTS.values(), ids=BROKEN_FACTS)
def test_facts_that_are_not_are_named(tmp_path: Path, text: str) -> None:
    """Each of them is needed."""
    path = write(tmp_path) / "facts.tf"
    path.write_text(text)
    assert str(path) in refused(tmp_path).where


@given(text=st.text(max_size=60) | st.text(st.sampled_from('resource"aws_s3_bucket"site{}\n =[]$%#/*<')))
@settings(deadline=None, max_examples=60)
def test_any_text_is_values_or_a_readable_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Never another exception."""
    root = tmp_path_factory.getbasetemp() / "any-text"
    (write(root) / "bucket.tf").write_text(text, newline="")
    found: Any = None
    try:
        found = imports.read("example", root)
    except InputError as error:
        found = error.where
    assert isinstance(found, Adopted) or "bucket.tf" in found
