"""What there is to do, with the command for each step."""

from __future__ import annotations

import json
from collections.abc import Iterator

from bascule.audit.blocks import Block, Paragraph, Steps
from bascule.audit.facts import Facts
from bascule.audit.known import unknown
from bascule.audit.options import Option, Verdict, usable, zones
from bascule.audit.phrases import Phrase, phrase
from bascule.audit.reuse import listeners, reuse
from bascule.inventory import rows

Step = tuple[Phrase, tuple[str, ...]]


def actions(facts: Facts, option: Option | None, site: str) -> Iterator[Block]:
    """The steps of the way that is recommended."""
    distribution = facts["distribution"]
    if option is None or distribution is None or unknown(distribution) or _is_unsettled(option):
        yield Paragraph(phrase("Settle the points above, then audit again:"))
        yield Steps(((phrase("Check what stands in the way"), ("bascule preflight",)),))
        return
    if option.strategy == "existing-alb":
        yield Paragraph(phrase("bascule doesn't make this move itself yet; by hand it is this:"))
    makers = {"create-alb": _new, "existing-alb": _existing}
    yield Steps(tuple(makers[option.strategy](facts, site)))


def _is_unsettled(option: Option) -> bool:
    """Whether the commands aren't known yet: those of an ALB that is there name it."""
    return option.strategy == "existing-alb" and option.verdict is not Verdict.FEASIBLE


def _new(facts: Facts, site: str) -> Iterator[Step]:
    yield phrase("Check permissions, network, service and names"), ("bascule preflight",)
    yield (
        phrase("Give the roles what the move needs, and no more"),
        (
            "bascule policy audit",
            "bascule policy plan",
            "bascule policy apply",
            "bascule policy deny",
        ),
    )
    subnets = facts["network"]["subnets"] if facts["network"] and not unknown(facts["network"]) else ()
    own = [one for one in rows(subnets) if one["wanted"]]
    if len(zones(own)) < 2 <= len(zones(rows(subnets))):
        ids = json.dumps([one["id"] for one in usable(rows(subnets))])
        yield (
            phrase("Name public subnets for the ALB: the service's own aren't, or not in two zones"),
            (f"# sites/{site}.toml: load_balancer.subnets = {ids}",),
        )
    yield (
        phrase("Bring what is live under Terraform, with a plan that changes nothing"),
        ("bascule adopt", "bascule plan", "bascule apply"),
    )
    if facts["secret"] is False:
        yield phrase("Create the secret by which the ALB knows CloudFront"), ("bascule secret create",)
    yield (
        phrase("Create the ALB, its target group for the service, and the listener; no visitor gets there yet"),
        (_stage(site, "connect"), "bascule plan", "bascule apply"),
    )
    yield (
        phrase("Send visitors to the application, in an apply of its own"),
        (_stage(site, "serve"), "bascule plan", "bascule apply"),
    )
    yield from _to_the_end(facts)


def _stage(site: str, stage: str) -> str:
    """What to write into the site file, as a comment of the shell: nothing happens to who pastes it."""
    return f'# sites/{site}.toml: stage = "{stage}"'


def _existing(facts: Facts, site: str) -> Iterator[Step]:
    service, distribution = facts["service"], facts["distribution"]
    balancer = next(one for one in facts["load_balancers"] if reuse(one).open)
    listener = next(one for one in listeners(balancer) if one["port"] in (80, 443))
    definition, vpc = service["task_definition"], facts["network"]["vpc"]
    port, container = definition["port"], definition["container"]
    aliases = ",".join(distribution["aliases"]) or distribution["domain"]
    taken = listener["priorities"] if isinstance(listener["priorities"], list) else []
    yield (
        phrase("Create a target group for the service"),
        (f"aws elbv2 create-target-group --name {site} --target-type ip --protocol HTTP --port {port} --vpc-id {vpc}",),
    )
    yield (
        phrase("Add a rule to the listener that is there, for the names of the site alone"),
        (
            f"aws elbv2 create-rule --listener-arn {listener['arn']} --priority {max(taken, default=0) + 1} "
            f"--conditions Field=host-header,Values={aliases} --actions Type=forward,TargetGroupArn=$TARGET_GROUP",
        ),
    )
    yield (
        phrase("Admit the ALB to the tasks on port {port}, and CloudFront to the ALB", port=str(port)),
        (
            f"aws ec2 authorize-security-group-ingress --group-id $TASKS_GROUP --protocol tcp --port {port} "
            "--source-group $ALB_GROUP",
            "aws ec2 authorize-security-group-ingress --group-id $ALB_GROUP --ip-permissions "
            f"IpProtocol=tcp,FromPort={listener['port']},ToPort={listener['port']},"
            "PrefixListIds=[{PrefixListId=$CLOUDFRONT_LIST}]",
        ),
    )
    yield (
        phrase("Put the service behind it"),
        (
            f"aws ecs update-service --cluster {service['cluster']} --service {service['name']} --load-balancers "
            f"targetGroupArn=$TARGET_GROUP,containerName={container},containerPort={port}",
        ),
    )
    yield (
        phrase(
            "Add {domain} as an origin of the distribution, and let the default behavior lead to it",
            domain=balancer["dns"],
        ),
        (
            f"aws cloudfront get-distribution-config --id {distribution['id']}",
            f"aws cloudfront update-distribution --id {distribution['id']} --if-match $ETAG "
            "--distribution-config file://config.json",
        ),
    )
    yield from _seen_by_visitors(facts)


def after_the_move(facts: Facts) -> Iterator[Block]:
    """What is left to do once visitors get the application."""
    yield Steps(tuple(_to_the_end(facts)))


def _to_the_end(facts: Facts) -> Iterator[Step]:
    yield from _seen_by_visitors(facts)
    yield phrase("If anything is wrong, go back to the bucket"), ("bascule rollback",)


def _seen_by_visitors(facts: Facts) -> Iterator[Step]:
    yield phrase("Invalidate CloudFront's caches"), ("bascule invalidate",)
    yield phrase("Test every name"), ("bascule verify", *(f"curl -sSI https://{name}/" for name in _tested(facts)))


def _tested(facts: Facts) -> list[str]:
    """Every name that may lead here, aliases first; the distribution's own where there is none."""
    answering = [one for one in facts["names"] if one["alias"] or one["here"] is not False]
    names = sorted(answering, key=lambda one: (not one["alias"], one["name"]))
    return [one["name"] for one in names] or [facts["distribution"]["domain"]]
