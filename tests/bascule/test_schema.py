"""The committed extract of the provider's schema is the provider's own word, no more than is needed of it."""

from __future__ import annotations

from importlib import resources

import pytest

from bascule import schema
from bascule.errors import BasculeError


def test_the_committed_extract_is_what_the_provider_says() -> None:
    """Regenerated with `python -m bascule.schema`."""
    committed = resources.files("bascule").joinpath(*schema.EXTRACT.parts).read_text(encoding="utf-8")
    assert committed == schema.extract(schema.read_provider())


def test_attributes_and_nested_blocks_are_told_apart() -> None:
    """A rule of a security group looks like a block and is an attribute; an origin is a block, in a set."""
    group = schema.load().resource("aws_security_group")
    distribution = schema.load().resource("aws_cloudfront_distribution")
    assert "ingress" not in group.blocks
    assert group.attributes["ingress"].type.startswith("set(object({cidr_blocks=list(string),")
    assert distribution.blocks["origin"].nesting == "set"
    assert distribution.blocks["ordered_cache_behavior"].nesting == "list"
    assert distribution.blocks["default_cache_behavior"].max_items == 1
    assert distribution.blocks["default_cache_behavior"].min_items == 1


def test_it_says_who_sets_an_attribute() -> None:
    """The configuration, the provider, or the provider where the configuration doesn't."""
    attributes = schema.load().resource("aws_cloudfront_distribution").attributes
    assert (attributes["enabled"].settable, attributes["enabled"].computed) == (True, False)
    assert (attributes["etag"].settable, attributes["etag"].computed) == (False, True)
    assert (attributes["tags_all"].settable, attributes["tags_all"].computed) == (True, True)


def test_every_type_is_there_under_its_name() -> None:
    """Resource types, data sources and the provider's own arguments."""
    extract = schema.load()
    assert [*extract.resources] == [*schema.RESOURCES]
    assert [*extract.data_sources] == [*schema.DATA_SOURCES]
    assert "value" in extract.data_source("aws_ssm_parameter").attributes
    assert "allowed_account_ids" in extract.provider.attributes


def test_a_type_outside_the_extract_is_refused_with_the_way_to_add_it() -> None:
    """The error names the type, the file and the command."""
    with pytest.raises(BasculeError, match="no resource type aws_vpc") as error:
        schema.load().resource("aws_vpc")
    assert "python -m bascule.schema" in error.value.remedy
    with pytest.raises(BasculeError, match="no data source aws_vpc"):
        schema.load().data_source("aws_vpc")
