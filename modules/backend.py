"""Where Terraform keeps its state."""

from __future__ import annotations

from bascule.site import HcpState, S3State
from modules.cdk import Construct, cdktf


def backend(stack: cdktf.TerraformStack, state: S3State | HcpState) -> Construct:
    """The backend that the site file's `[state]` asks for."""
    if isinstance(state, HcpState):
        return cdktf.CloudBackend(
            stack,
            organization=state.organization,
            hostname=state.hostname,
            workspaces=cdktf.NamedCloudWorkspace(state.workspace, state.project),
        )
    s3 = cdktf.S3Backend(stack, bucket=state.bucket, key=state.key, region=state.region, encrypt=True)
    # cdktf 0.21's S3Backend has no such argument (hashicorp/terraform-cdk issue 3834).
    s3.add_override("use_lockfile", True)
    return s3
