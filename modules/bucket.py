"""The adopted S3 bucket: untouched at every stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modules.cdk import AdoptedResource, Construct, cdktf


def adopted_bucket(scope: Construct, values: Mapping[str, Any]) -> AdoptedResource:
    """The bucket as it was adopted."""
    return AdoptedResource(
        scope,
        "aws_s3_bucket",
        values,
        lifecycle=cdktf.TerraformResourceLifecycle(prevent_destroy=True),
    )
