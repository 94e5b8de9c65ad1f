"""The AWS provider, pinned and bound to one account."""

from __future__ import annotations

from modules.cdk import cdktf

TERRAFORM_VERSION = ">= 1.11.0"
"""The first release in which the S3 backend's lock file is stable (Terraform 1.11 changelog)."""

PROVIDER_VERSION = "~> 5.100.0"
"""The minor release that the typed bindings were made from."""


def aws_provider(stack: cdktf.TerraformStack, region: str, account: str) -> None:
    """The provider, which refuses any other account. No default_tags: they would change adopted resources.

    It is written as it stands: the typed binding takes 0.1 s to load, for the endpoints of 300 services, and names the
    ambiguous source "aws".
    """
    stack.add_override("provider.aws", [{"region": region, "allowed_account_ids": [account]}])
    stack.add_override("terraform.required_version", TERRAFORM_VERSION)
    stack.add_override("terraform.required_providers.aws", {"source": "hashicorp/aws", "version": PROVIDER_VERSION})
