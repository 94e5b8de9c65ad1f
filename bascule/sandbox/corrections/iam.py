"""Where moto 5.2.5 is corrected towards AWS: IAM; who may do what is in bascule.sandbox.iam."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult, BaseResponse
from moto.iam.models import SERVICE_NAME_CONVERSION
from moto.iam.responses import IamResponse

from bascule.sandbox.corrections.instead import instead
from bascule.sandbox.principals import policies_of
from bascule.sandbox.services import Refused
from bascule.sandbox.simulation import simulated


def access_key_may_be_any_word() -> None:
    """A request's access key is what its signature says: 16 to 128 letters, digits or underscores (IAM API, AccessKey).

    moto finds those of exactly 20 capitals and digits only (core/responses.py, access_key_regex), and takes everybody
    else for `user/moto`.
    """
    original: Any = BaseResponse.get_access_key

    @instead(BaseResponse, "get_access_key")
    def get_access_key(self: Any) -> str:
        found = re.search(r"Credential=(\w+)/", self.headers.get("Authorization", ""))
        return found[1] if found else str(original(self))


def service_linked_roles_have_their_names() -> None:
    """CreateServiceLinkedRole makes AWSServiceRoleForECS and AWSServiceRoleForElasticLoadBalancing.

    ECS developer guide and ELB user guide, service-linked roles. moto writes the service as in its address: …Forecs.
    """
    SERVICE_NAME_CONVERSION.update({"ecs": "ECS", "elasticloadbalancing": "ElasticLoadBalancing"})


def policies_can_be_simulated() -> None:
    """SimulatePrincipalPolicy says what the policies of a role or user allow (API reference). moto has no such API."""

    def simulate_principal_policy(self: Any) -> ActionResult:
        request = dict(self._get_params())
        source = str(request["PolicySourceArn"])
        if ":iam:" not in source:
            raise Refused("InvalidInput", f"Invalid Entity Arn: {source} does not clearly define entity type and name.")
        return ActionResult(simulated(policies_of(source, self.current_account), request))

    IamResponse.simulate_principal_policy = simulate_principal_policy  # type: ignore[attr-defined]


CORRECTIONS = (
    access_key_may_be_any_word,
    service_linked_roles_have_their_names,
    policies_can_be_simulated,
)
