"""The AWS provider, pinned and bound to one account."""

from __future__ import annotations

from modules.cdk import cdktf, provider

TERRAFORM_VERSION = ">= 1.11.0"
"""The first release in which the S3 backend's lock file is stable (Terraform 1.11 changelog)."""

PROVIDER_VERSION = "~> 5.100.0"
"""The minor release that the typed bindings were made from."""


def aws_provider(stack: cdktf.TerraformStack, region: str, account: str) -> provider.AwsProvider:
    """The provider, which refuses any other account. No default_tags: they would change adopted resources."""
    stack.add_override("terraform.required_version", TERRAFORM_VERSION)
    aws = provider.AwsProvider(stack, "aws", region=region, allowed_account_ids=[account])
    # cdktf writes the ambiguous source "aws".
    stack.add_override("terraform.required_providers.aws", {"source": "hashicorp/aws", "version": PROVIDER_VERSION})
    return aws
