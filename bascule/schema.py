"""The provider's schema, as far as bascule needs it: what is an attribute and what a nested block, and who sets it.

Terraform's JSON syntax writes attributes and nested blocks alike; HCL does not, so rendering needs to know. The extract
in `data/` holds the resource types and data sources in use. `python -m bascule.schema` writes it anew, with the
`terraform` on PATH and the provider from the registry; run it after adding a type below.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from bascule.errors import BasculeError

PROVIDER_VERSION = "5.100.0"
EXTRACT = Path("data") / f"aws-{PROVIDER_VERSION}.json"
RESOURCES = (
    "aws_cloudfront_distribution",
    "aws_ecs_service",
    "aws_lb",
    "aws_lb_listener",
    "aws_lb_listener_rule",
    "aws_lb_target_group",
    "aws_s3_bucket",
    "aws_security_group",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
)
DATA_SOURCES = (
    "aws_ec2_managed_prefix_list",
    "aws_ssm_parameter",
)
# Three hundred service names, none of which a site configures: endpoints are set through AWS's environment variables.
OMITTED_PROVIDER_BLOCKS = ("endpoints",)
FLAGS = ("required", "optional", "computed", "deprecated", "sensitive", "write_only")


@dataclass(frozen=True)
class Attribute:
    """An argument or result of a block; `type` is Terraform's type expression, such as `set(string)`."""

    type: str
    flags: frozenset[str]

    @property
    def settable(self) -> bool:
        """Whether a configuration may set it; the provider alone sets the others."""
        return bool(self.flags & {"required", "optional"})

    @property
    def computed(self) -> bool:
        """Whether the provider fills it in where a configuration leaves it out."""
        return "computed" in self.flags


@dataclass(frozen=True)
class Block:
    """The attributes and nested blocks of a block's body, by name."""

    attributes: Mapping[str, Attribute]
    blocks: Mapping[str, NestedBlock]


@dataclass(frozen=True)
class NestedBlock:
    """A nested block: `nesting` is `list`, `set` or `single`; `max_items` 0 means any number."""

    nesting: str
    min_items: int
    max_items: int
    block: Block


@dataclass(frozen=True)
class Schema:
    """The extract of one provider version."""

    provider_version: str
    provider: Block
    resources: Mapping[str, Block]
    data_sources: Mapping[str, Block]

    def resource(self, resource_type: str) -> Block:
        """Return the schema of a resource type; raises BasculeError where the extract doesn't hold it."""
        return self._find(self.resources, resource_type, "resource type")

    def data_source(self, data_type: str) -> Block:
        """Return the schema of a data source; raises BasculeError where the extract doesn't hold it."""
        return self._find(self.data_sources, data_type, "data source")

    def _find(self, blocks: Mapping[str, Block], name: str, what: str) -> Block:
        if name not in blocks:
            raise BasculeError(
                f"the extract of the schema of provider aws {self.provider_version} has no {what} {name}",
                where=f"bascule/{EXTRACT}",
                remedy="add it to bascule/schema.py and run: python -m bascule.schema",
            )
        return blocks[name]


@cache
def load() -> Schema:
    """Return the committed extract."""
    extract = json.loads(resources.files("bascule").joinpath(*EXTRACT.parts).read_text(encoding="utf-8"))
    return Schema(
        provider_version=extract["provider_version"],
        provider=_block(extract["provider"]),
        resources={name: _block(block) for name, block in extract["resources"].items()},
        data_sources={name: _block(block) for name, block in extract["data_sources"].items()},
    )


def _block(compact: dict[str, Any]) -> Block:
    return Block(
        attributes={name: _attribute(text) for name, text in compact.get("attributes", {}).items()},
        blocks={name: _nested(nested) for name, nested in compact.get("blocks", {}).items()},
    )


def _attribute(text: str) -> Attribute:
    *flags, type_expression = text.split(" ")
    return Attribute(type_expression, frozenset(flags))


def _nested(compact: dict[str, Any]) -> NestedBlock:
    nesting, minimum, maximum = compact["nesting"].split(" ")
    return NestedBlock(nesting, int(minimum), int(maximum), _block(compact))


def extract(schemas: dict[str, Any]) -> str:
    """Return the extract's text, given what `terraform providers schema -json` prints."""
    (provider,) = schemas["provider_schemas"].values()
    config = provider["provider"]["block"]
    for name in OMITTED_PROVIDER_BLOCKS:
        del config["block_types"][name]
    compact = {
        "provider_version": PROVIDER_VERSION,
        "provider": _compact(config),
        "resources": {name: _compact(provider["resource_schemas"][name]["block"]) for name in RESOURCES},
        "data_sources": {name: _compact(provider["data_source_schemas"][name]["block"]) for name in DATA_SOURCES},
    }
    return json.dumps(compact, indent=1) + "\n"


def _compact(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block as the extract writes it: each attribute one line, its flags followed by its type."""
    compact: dict[str, Any] = {}
    attributes = block.get("attributes", {})
    if attributes:
        compact["attributes"] = {
            name: " ".join([*(flag for flag in FLAGS if attributes[name].get(flag)), _type(attributes[name]["type"])])
            for name in sorted(attributes)
        }
    nested = block.get("block_types", {})
    if nested:
        compact["blocks"] = {
            name: {
                "nesting": " ".join(
                    str(nested[name].get(key, 0)) for key in ("nesting_mode", "min_items", "max_items")
                ),
                **_compact(nested[name]["block"]),
            }
            for name in sorted(nested)
        }
    return compact


def _type(cty: Any) -> str:
    """Return a type as Terraform writes it in a configuration, without spaces."""
    if isinstance(cty, str):
        return cty
    constructor, of = cty
    if constructor == "object":
        return f"object({{{','.join(f'{name}={_type(of[name])}' for name in sorted(of))}}})"
    if constructor == "tuple":
        return f"tuple([{','.join(map(_type, of))}])"
    return f"{constructor}({_type(of)})"


def read_provider() -> dict[str, Any]:
    """Return what `terraform providers schema -json` prints for the pinned provider.

    Raises BasculeError where Terraform fails.
    """
    from bascule.terraform_environment import environment

    configuration = {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": PROVIDER_VERSION}}}
    }
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch, "main.tf.json").write_text(json.dumps(configuration), encoding="utf-8")
        env = environment(os.environ, Path(scratch))
        output = ""
        for command in (["init"], ["providers", "schema", "-json"]):
            run = subprocess.run(
                ["terraform", *command], cwd=scratch, env=env, capture_output=True, text=True, check=False
            )
            if run.returncode:
                raise BasculeError(
                    f"terraform {command[0]} failed:\n{run.stderr.strip()}", where="the provider's schema"
                )
            output = run.stdout
    schemas: dict[str, Any] = json.loads(output)
    return schemas


if __name__ == "__main__":
    Path(__file__).parent.joinpath(EXTRACT).write_text(extract(read_provider()), encoding="utf-8")
