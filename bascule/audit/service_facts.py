"""The facts of an audit that are about the service: ECS and the image's repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from bascule import inventory
from bascule.audit.known import day, known
from bascule.inventory import Inventory, rows
from bascule.site import Site

SHOWN_IMAGES = 3
"""The latest images are what is asked about; the others are counted."""


def service(found: Inventory, site: Site) -> Any:
    def tell(service: Mapping[str, Any] | None) -> Any:
        if service is None:
            return None
        return {
            "cluster": site.service.cluster,
            "name": service["serviceName"],
            "status": service["status"],
            "created": day(service.get("createdAt")),
            "launch": service.get("launchType"),
            "controller": service.get("deploymentController", {}).get("type", "ECS"),
            "desired": service["desiredCount"],
            "running": service["runningCount"],
            "deployments": [
                {"status": one["status"], "rollout": one.get("rolloutState"), "tasks": one.get("runningCount")}
                for one in service.get("deployments", ())
            ],
            "target_groups": sorted(one.get("targetGroupArn", "") for one in service.get("loadBalancers", ())),
            "autoscaling": known(found.scalable_targets, _autoscaling),
            "tasks": known(found.tasks, lambda tasks: _tasks(tasks, found)),
            "task_definition": known(found.task_definition, lambda definition: _definition(definition, site)),
        }

    return known(found.service, tell)


def _autoscaling(targets: Sequence[Mapping[str, Any]] | None) -> dict[str, int] | None:
    return next(({"min": one["MinCapacity"], "max": one["MaxCapacity"]} for one in targets or ()), None)


def _tasks(tasks: Sequence[Mapping[str, Any]] | None, found: Inventory) -> list[dict[str, Any]]:
    public = {one["NetworkInterfaceId"]: one.get("Association", {}).get("PublicIp") for one in rows(found.interfaces)}
    told = []
    for task in tasks or ():
        details = {d["name"]: d["value"] for a in task.get("attachments", ()) for d in a.get("details", ())}
        told.append(
            {
                "zone": task.get("availabilityZone"),
                "status": task["lastStatus"],
                "definition": task["taskDefinitionArn"].rpartition("/")[2],
                "private": details.get("privateIPv4Address"),
                "public": known(found.interfaces, partial(_public, public, details)),
            }
        )
    return sorted(told, key=lambda task: (str(task["zone"]), str(task["private"])))


def _public(addresses: Mapping[str, Any], details: Mapping[str, str], _: Any) -> str | None:
    return addresses.get(details.get("networkInterfaceId", ""))


def _definition(definition: Mapping[str, Any] | None, site: Site) -> Any:
    if definition is None:
        return None
    containers = definition["containerDefinitions"]
    container = next((c for c in containers if inventory.serves(c, site)), None)
    shown = container or containers[0]
    return {
        "name": f"{definition['family']}:{definition['revision']}",
        "container": shown["name"],
        "port": site.service.container_port,
        "listens": container is not None,
        "ports": [mapping.get("containerPort") for mapping in shown.get("portMappings", ())],
        "image": shown["image"],
        "by_digest": "@sha256:" in shown["image"],
    }


def registry(found: Inventory, site: Site) -> Any:
    def tell(repository: Mapping[str, Any] | None) -> Any:
        if repository is None:
            return None
        return {
            "repository": repository["repositoryName"],
            "tags": repository.get("imageTagMutability"),
            "scans": repository.get("imageScanningConfiguration", {}).get("scanOnPush", False),
            "images": known(found.images, lambda images: len(images or ())),
            "latest": known(found.images, _latest),
        }

    return known(found.repository, tell, found.service, found.task_definition)


def _latest(images: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    newest = sorted(images or (), key=lambda one: (one["imagePushedAt"], one["imageDigest"]), reverse=True)
    return [
        {
            "digest": one["imageDigest"],
            "tags": sorted(one.get("imageTags", ())),
            "pushed": day(one["imagePushedAt"]),
            "findings": one.get("imageScanFindingsSummary", {}).get("findingSeverityCounts"),
        }
        for one in newest[:SHOWN_IMAGES]
    ]
