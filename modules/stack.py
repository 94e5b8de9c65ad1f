"""One site as one Terraform stack: what each rung of the ladder adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bascule.errors import InputError
from bascule.ladder import Stage
from bascule.site import Site
from imports import Adopted
from modules import limits
from modules.backend import backend
from modules.bucket import adopted_bucket
from modules.cdk import AdoptedResource, Construct, cdktf
from modules.distribution import AlbOrigin, distribution_values
from modules.load_balancer import LoadBalancer, OriginSecret
from modules.network import Network
from modules.provider import aws_provider
from modules.service import adopted_service, service_values


def site_stack(
    app: Construct, name: str, site: Site, adopted: Adopted, stage: Stage, *, descending: bool = False
) -> cdktf.TerraformStack:
    """The stack of one site at `stage`; `descending` where it is reached from above.

    Raises InputError for what AWS would refuse.
    """
    where = f"sites/{name}.toml"
    _same_as_adopted(site, adopted, where, descending=descending)
    stack = cdktf.TerraformStack(app, name)
    backend(stack, site.state)
    aws_provider(stack, site.region, adopted.facts.account)
    ids = {f"{type_}.site": id_ for type_, id_ in site.import_ids().items()}
    if stage is Stage.NONE:
        stack.add_override("removed", [{"from": to, "lifecycle": {"destroy": False}} for to in ids])
        return stack
    # Not import_from: it starts `terraform version` once per import.
    stack.add_override("import", [{"to": to, "id": id_} for to, id_ in ids.items()])
    adopted_bucket(stack, adopted.bucket)
    balancer, network, secret = None, None, None
    if stage.at_least(Stage.BUILD):
        limits.check_service(site, adopted, where)
        limits.check_certificate(site, adopted, where)
        network = Network(stack, name, site, adopted.facts.vpc_id)
        secret = OriginSecret(stack, site)
        balancer = LoadBalancer(
            stack,
            name,
            site,
            network=network,
            secret=secret,
            vpc_id=adopted.facts.vpc_id,
            subnets=limits.alb_subnets(site, adopted, where),
            protected=stage.at_least(Stage.CONNECT),
        )
    attached = balancer if stage.at_least(Stage.ATTACH) else None
    service = adopted_service(
        stack,
        service_values(
            adopted.service,
            site.service,
            stage,
            container=site.service.container or adopted.facts.container,
            target_group_arn=attached.target_group.arn if attached else "",
            tasks_group_id=network.tasks_group.id if network else "",
        ),
        depends_on=[attached.rule, *network.rules] if attached and network else [],
    )
    connected = balancer if stage.at_least(Stage.CONNECT) else None
    origin = AlbOrigin(connected.alb.dns_name, secret.sent) if connected and secret else None
    values = distribution_values(adopted.distribution, site, stage, origin, where)
    if origin is not None:
        limits.check_distribution(values, where, f"imports/{name}/distribution.tf")
    _distribution(stack, values, service, origin, descending=descending)
    return stack


def _distribution(
    stack: cdktf.TerraformStack,
    values: Mapping[str, Any],
    service: AdoptedResource,
    origin: AlbOrigin | None,
    *,
    descending: bool,
) -> None:
    AdoptedResource(
        stack,
        "aws_cloudfront_distribution",
        values,
        lifecycle=cdktf.TerraformResourceLifecycle(prevent_destroy=True),
        # Up, CloudFront learns of the ALB only once tasks behind it are steady. Down, it waits for nothing.
        depends_on=[service] if origin and not descending else [],
    )


def _same_as_adopted(site: Site, adopted: Adopted, where: str, *, descending: bool) -> None:
    aliases = ", ".join(sorted(adopted.distribution.get("aliases", ())))
    for key, said, found in (
        ("account", site.account or adopted.facts.account, adopted.facts.account),
        # Nothing that is written about the way up may stand in the way down.
        ("aliases", aliases if descending else ", ".join(sorted(site.aliases)), aliases),
        ("distribution.id", site.distribution.id, adopted.facts.distribution_id),
        ("bucket.name", site.bucket.name, adopted.bucket.get("bucket")),
        ("service.cluster", site.service.cluster, str(adopted.service.get("cluster")).rpartition("/")[2]),
        ("service.name", site.service.name, adopted.service.get("name")),
    ):
        if said != found:
            raise InputError(
                f'"{said}", but what was adopted is "{found}"',
                where=f"{where}: {key}",
                remedy="correct the key; or run `bascule adopt`, if the site is another one by now",
            )
