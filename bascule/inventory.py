"""What the account holds of a site and around it, as AWS answered: values, and what couldn't be read said as such."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bascule import dns
from bascule.site import Site

if TYPE_CHECKING:
    from bascule.aws import Identity

Fact = Any
"""AWS's answer in the API's own vocabulary, None where there is none, or an Unread."""

MOST_OBJECTS = 20_000
"""Objects of the bucket that are looked at: twenty pages tell what kind of site it is."""


@dataclass(frozen=True)
class Unread:
    """What couldn't be read."""

    action: str
    """The IAM action that the call needs, e.g. `s3:GetBucketPolicyStatus`."""
    why: str
    """AWS's answer."""

    @property
    def refused(self) -> bool:
        """Whether AWS's answer is that the caller may not; HeadBucket's has no body, so its code is the status."""
        code = self.why.partition(":")[0]
        return code == "403" or any(word in code for word in ("AccessDenied", "Unauthorized", "AuthorizationError"))

    def __str__(self) -> str:
        return f"{self.action}: {self.why}"


@dataclass(frozen=True)
class Inventory:
    """One reading of an account. A fact that doesn't exist for want of another one is None."""

    identity: Identity
    read_at: datetime
    distribution: Fact = None
    """GetDistribution's Distribution."""
    distributions: Fact = None
    """Every distribution of the account, as ListDistributions has them."""
    functions: Fact = None
    """Code (text) or Unread of each CloudFront function that the distribution names, by function name."""
    viewer_certificate: Fact = None
    """DescribeCertificate's Certificate of the one that visitors see."""
    certificates: Fact = None
    """DescribeCertificate's Certificate, or Unread, of each issued one in the site's region."""
    cache_policies: Fact = None
    origin_request_policies: Fact = None
    """AWS's managed policies, as the List calls have them."""
    bucket: Fact = None
    """HeadBucket's answer."""
    objects: Fact = None
    """At most MOST_OBJECTS objects, as ListObjectsV2 has them."""
    website: Fact = None
    bucket_policy_status: Fact = None
    public_access_block: Fact = None
    state_bucket: Fact = None
    state_versioning: Fact = None
    cluster: Fact = None
    service: Fact = None
    scalable_targets: Fact = None
    tasks: Fact = None
    """DescribeTasks' running tasks of the service."""
    interfaces: Fact = None
    """The network interfaces of those tasks."""
    task_definition: Fact = None
    """The one that the service names."""
    running_definitions: Fact = None
    """Answer or Unread for each task definition that running tasks have, by ARN, where it is another one."""
    repository: Fact = None
    images: Fact = None
    subnets: Fact = None
    """Every subnet of the service's VPC."""
    route_tables: Fact = None
    security_groups: Fact = None
    """Every security group of the VPC."""
    load_balancers: Fact = None
    """Every load balancer of the region."""
    listeners: Fact = None
    """Listeners, or Unread, of each application load balancer in the VPC, by its ARN."""
    listener_rules: Fact = None
    """Rules, or Unread, by listener ARN."""
    target_groups: Fact = None
    load_balancer_limits: Fact = None
    rules_quota: Fact = None
    prefix_list: Fact = None
    """CloudFront's managed prefix list, in a list of one."""
    zones: Fact = None
    region: Fact = None
    """DescribeRegions' entry of the site's region, in a list of one."""
    events: Fact = None
    """Open issues of AWS Health in the region."""
    ecs_role: Fact = None
    load_balancing_role: Fact = None
    """The service-linked roles."""
    secret: Fact = None
    """DescribeParameters' entry of the origin's secret, in a list of at most one; its value is not read."""
    records: Fact = None
    """Route 53's records, or Unread, of each hosted zone that could hold an alias, by zone name."""
    names: Mapping[str, dns.Answer] | None = None
    """What the DNS answers for the aliases, the apex and the distribution's own name."""

    @property
    def config(self) -> Fact:
        """The distribution's config."""
        return self.distribution["DistributionConfig"] if isinstance(self.distribution, Mapping) else self.distribution

    @property
    def unread(self) -> dict[str, Unread]:
        """Everything that couldn't be read, by the name of the fact."""
        return dict(_unread(vars(self)))


def apexes(aliases: Sequence[str]) -> list[str]:
    """The names directly above the `www.` ones among the aliases, that aren't aliases themselves."""
    above = {alias.removeprefix("www.") for alias in aliases if alias.startswith("www.")}
    return sorted(above - set(aliases))


def rows(fact: Fact) -> Sequence[Any]:
    """The items of a list that was read; empty where there is none or it couldn't be read."""
    return fact if isinstance(fact, list) else ()


def function_names(config: Mapping[str, Any]) -> set[str]:
    """The CloudFront functions that a distribution's behaviors name."""
    behaviors = [config["DefaultCacheBehavior"], *config.get("CacheBehaviors", {}).get("Items", ())]
    return {
        association["FunctionARN"].rpartition("/")[2]
        for behavior in behaviors
        for association in behavior.get("FunctionAssociations", {}).get("Items", ())
    }


def network_of(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """The service's awsvpc configuration; empty where it has none."""
    found: Mapping[str, Any] = service.get("networkConfiguration", {}).get("awsvpcConfiguration") or {}
    return found


def vpc_id(found: Inventory) -> str | None:
    """The VPC of the service's subnets, or None where that isn't known."""
    return next((str(subnet["VpcId"]) for subnet in rows(found.subnets)), None)


def balancers_in(found: Inventory, vpc: str) -> list[Mapping[str, Any]]:
    """The application load balancers of a VPC."""
    return [
        balancer
        for balancer in rows(found.load_balancers)
        if balancer.get("VpcId") == vpc and balancer.get("Type") == "application"
    ]


def repositories(task_definition: Mapping[str, Any], site: Site) -> list[tuple[str, str, str]]:
    """Registry id, region and name of the ECR repositories that the site's container, else any, has its image from."""
    containers = task_definition["containerDefinitions"]
    wanted = [c for c in containers if serves(c, site)] or containers
    return [found for c in wanted if (found := ecr_repository(c["image"]))]


def serves(container: Mapping[str, Any], site: Site) -> bool:
    """Whether a container is the one that the site file means."""
    ports = [mapping.get("containerPort") for mapping in container.get("portMappings", ())]
    return site.service.container_port in ports and site.service.container in (None, container["name"])


def ecr_repository(image: str) -> tuple[str, str, str] | None:
    """Registry id, region and repository name of an image in ECR, e.g. `ID.dkr.ecr.REGION.amazonaws.com/NAME:TAG`."""
    host, _, rest = image.partition("/")
    registry, _, service = host.partition(".")
    if not service.startswith("dkr.ecr.") or not rest:
        return None
    return registry, service.removeprefix("dkr.ecr.").partition(".")[0], rest.partition("@")[0].partition(":")[0]


def _unread(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Unread]]:
    for name, fact in facts.items():
        if isinstance(fact, Unread):
            yield prefix + name, fact
        elif isinstance(fact, Mapping) and name in _KEYED:
            yield from _unread(fact, f"{prefix}{name}/")


_KEYED = ("functions", "certificates", "listeners", "listener_rules", "running_definitions", "records")
