"""Where moto 5.2.5 is corrected towards AWS: CloudFront."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from moto.cloudfront import models as cloudfront
from moto.cloudfront.responses import CloudFrontResponse
from moto.cloudfront.urls import url_paths as cloudfront_paths
from moto.core.responses import ActionResult

from bascule.sandbox import clock, managed_policies
from bascule.sandbox import cloudfront as rules
from bascule.sandbox.corrections.instead import instead
from bascule.sandbox.services import Refused
from bascule.sandbox.switches import SWITCHES

DEPLOYING = 1.0
"""Seconds for which an updated distribution and a new invalidation are InProgress; AWS takes minutes."""


class _KeptConfig(dict[str, Any]):
    """A DistributionConfig that moto's own code can read by attribute, as it does with its model."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self["CallerReference" if name == "caller_reference" else name]
        except KeyError:
            raise AttributeError(name) from None


def distribution_keeps_what_it_is_given() -> None:
    """GetDistributionConfig answers what UpdateDistribution was given, with every default filled in.

    moto's model drops what it doesn't know (origin access control, function associations, newer members), answers
    ForwardedValues beside a cache policy and `CloudFrontDefaultCertificate: true` beside an ACM certificate
    (cloudfront/models.py, DefaultCacheBehaviour and ViewerCertificate), so that importing it reads as a change. It
    also accepts what CloudFront refuses: `bascule.sandbox.cloudfront.refusal`.
    """
    cloudfront.DISTRIBUTION_CONFIG_FIELDS.append("Staging")

    @instead(cloudfront, "DistributionConfig")
    def kept(config: dict[str, Any]) -> _KeptConfig:
        complete = rules.complete(config)
        if refusal := rules.refusal(complete):
            raise Refused(*refusal)
        return _KeptConfig(complete)


def distribution_update_checks_if_match() -> None:
    """UpdateDistribution answers 412 PreconditionFailed to an outdated If-Match, and every update has a new ETag.

    API reference. moto takes any value and keeps the ETag for ever. AWS also sets LastModifiedTime (moto answers a
    fixed date of 2021) and refuses another CallerReference: IllegalUpdate.
    """
    original: Any = cloudfront.CloudFrontBackend.update_distribution

    @instead(cloudfront.CloudFrontBackend, "update_distribution")
    def update_distribution(self: Any, dist_config: dict[str, Any], _id: str, if_match: str) -> Any:
        distribution = self.distributions.get(_id)
        if distribution and if_match:
            _check_if_match(distribution, if_match)
            if dist_config.get("CallerReference") != distribution.distribution_config["CallerReference"]:
                raise Refused("IllegalUpdate", "The update contains modifications that are not allowed.")
        deployed = None if distribution is None else distribution.distribution_config
        if distribution is not None and distribution.status == "InProgress":
            deployed = distribution.before
        _, location, _ = original(self, dist_config, _id, if_match)
        distribution.before = deployed  # edges go on to answer by it until the distribution is Deployed
        distribution.etag = cloudfront.random_id(length=14)
        distribution.updated, distribution.stuck = clock.now(), SWITCHES.undeployed
        distribution.last_modified_time = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(distribution.updated))
        return distribution, location, distribution.etag


def distribution_is_in_progress_after_an_update() -> None:
    """Status is InProgress after an update and then Deployed.

    moto's state machine says Deployed at the first look.
    """

    def status(self: Any) -> str:
        stuck = getattr(self, "stuck", False) and SWITCHES.undeployed
        return "InProgress" if stuck or clock.now() - getattr(self, "updated", 0.0) < DEPLOYING else "Deployed"

    instead(cloudfront.Distribution, "status")(property(status, lambda self, value: None))


def distribution_is_disabled_before_it_is_deleted() -> None:
    """DeleteDistribution refuses an enabled distribution: DistributionNotDisabled (API reference). moto deletes it."""
    original: Any = cloudfront.CloudFrontBackend.delete_distribution

    @instead(cloudfront.CloudFrontBackend, "delete_distribution")
    def delete_distribution(self: Any, distribution_id: str, if_match: str) -> None:
        distribution = self.distributions.get(distribution_id)
        if distribution and if_match:
            _check_if_match(distribution, if_match)
            if distribution.distribution_config["Enabled"]:
                message = "The distribution you are trying to delete has not been disabled."
                raise Refused("DistributionNotDisabled", message)
        original(self, distribution_id, if_match)


def _check_if_match(distribution: Any, if_match: str) -> None:
    if if_match != distribution.etag:
        message = "The request failed because it didn't meet the preconditions in one or more request-header fields."
        raise Refused("PreconditionFailed", message)


def invalidation_completes() -> None:
    """An invalidation is InProgress and then Completed: what botocore's waiter InvalidationCompleted waits for.

    moto says COMPLETED from the start, which that waiter never accepts, and counts none at the distribution.
    """
    original: Any = cloudfront.Invalidation.__init__

    @instead(cloudfront.Invalidation, "__init__")
    def initialize(self: Any, *args: Any, **kwargs: Any) -> None:
        self.created = clock.now()
        original(self, *args, **kwargs)

    def status(self: Any) -> str:
        return "InProgress" if clock.now() - self.created < DEPLOYING else "Completed"

    def in_progress(self: Any) -> int:
        backend = cloudfront.cloudfront_backends[self.arn.split(":")[4]]["aws"]
        return sum(one.status == "InProgress" for one in backend.invalidations.get(self.id, []))

    cloudfront.Invalidation.status = property(status, lambda self, value: None)  # type: ignore[assignment]
    cloudfront.Distribution.in_progress_invalidation_batches = property(  # type: ignore[assignment]
        in_progress, lambda self, value: None
    )


def managed_policies_can_be_read() -> None:
    """AWS's managed cache, origin request and response headers policies are in every account; moto has no such API."""
    for kind in managed_policies.KINDS:
        setattr(CloudFrontResponse, f"get_{kind.snake}", _get_policy(kind))
        setattr(CloudFrontResponse, f"list_{kind.snake_plural}", _list_policies(kind))
        for path in (f"{kind.path}$", f"{kind.path}/(?P<policy_id>[^/]+)$"):
            cloudfront_paths["{0}/2020-05-31/" + path] = CloudFrontResponse.dispatch


def _get_policy(kind: managed_policies.Kind) -> Callable[[Any], ActionResult]:
    def get(self: Any) -> ActionResult:
        policy = next((one for one in kind.policies if one["Id"] == self._get_param("Id")), None)
        if policy is None:
            raise Refused(f"NoSuch{kind.name}", f"The {kind.path.replace('-', ' ')} does not exist.")
        return ActionResult({kind.name: policy, "ETag": managed_policies.ETAG})

    return get


def _list_policies(kind: managed_policies.Kind) -> Callable[[Any], ActionResult]:
    def list_(self: Any) -> ActionResult:
        policies = kind.policies if self._get_param("Type") != "custom" else []
        items = [{"Type": "managed", kind.name: policy} for policy in policies]
        return ActionResult({f"{kind.name}List": {"MaxItems": 100, "Quantity": len(items), "Items": items}})

    return list_


CORRECTIONS = (
    distribution_keeps_what_it_is_given,
    distribution_update_checks_if_match,
    distribution_is_in_progress_after_an_update,
    distribution_is_disabled_before_it_is_deleted,
    invalidation_completes,
    managed_policies_can_be_read,
)
