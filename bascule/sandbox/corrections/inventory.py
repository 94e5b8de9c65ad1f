"""Where moto 5.2.5 is corrected towards AWS in what an inventory of the account reads: as in `corrections`.

Each docstring says what AWS does, what moto does, and where that is known from.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.acm.responses import AWSCertificateManagerResponse
from moto.core.responses import ActionResult
from moto.ecr.responses import ECRResponse
from moto.ecs.responses import EC2ContainerServiceResponse

from bascule.sandbox.corrections.instead import instead
from bascule.sandbox.services import Refused

IMAGES = 100
"""Images on a page of DescribeImages that names no size."""


def images_come_in_pages() -> None:
    """DescribeImages answers a hundred images and a nextToken, unless asked for more (`maxResults`) or by name.

    API reference. moto answers all of them at once.
    """
    original: Any = ECRResponse.describe_images

    @instead(ECRResponse, "describe_images")
    def describe_images(self: Any) -> ActionResult:
        images = list(original(self).result["imageDetails"])
        if self._get_param("imageIds"):
            return ActionResult({"imageDetails": images})
        start = int(self._get_param("nextToken") or 0)
        end = start + int(self._get_param("maxResults") or IMAGES)
        more = {"nextToken": str(end)} if end < len(images) else {}
        return ActionResult({"imageDetails": images[start:end], **more})


def scanned_images_say_so() -> None:
    """DescribeImages answers imageScanStatus and imageScanFindingsSummary of an image that was scanned.

    API reference, ImageDetail. moto knows the findings, one of severity HIGH unless it was told of others, and answers
    them in DescribeImageScanFindings alone.
    """
    original: Any = ECRResponse.describe_images

    @instead(ECRResponse, "describe_images")
    def describe_images(self: Any) -> ActionResult:
        result = original(self).result
        for image in result["imageDetails"]:
            if image.last_scan is not None:
                name = {"imageDigest": image.image_digest}
                found = self.ecr_backend.describe_image_scan_findings(image.registry_id, image.repository_name, name)
                findings = found["imageScanFindings"]
                image.image_scan_status = found["imageScanStatus"]
                image.image_scan_findings_summary = {
                    "imageScanCompletedAt": image.last_scan.replace(tzinfo=UTC),
                    "findingSeverityCounts": findings["findingSeverityCounts"],
                }
        return ActionResult(result)


def certificates_are_listed_by_key_type() -> None:
    """ListCertificates without `Includes.keyTypes` answers RSA certificates of at most 2048 bits, no others.

    API reference, Filters: "Default filtering returns only RSA_1024 and RSA_2048 certificates". moto answers all.
    """
    original: Any = AWSCertificateManagerResponse.list_certificates

    @instead(AWSCertificateManagerResponse, "list_certificates")
    def list_certificates(self: Any) -> ActionResult:
        certificates = original(self).result["CertificateSummaryList"]
        if not (self._get_param("Includes") or {}).get("keyTypes"):
            certificates = [one for one in certificates if one["KeyAlgorithm"] in ("RSA_1024", "RSA_2048")]
        return ActionResult({"CertificateSummaryList": certificates})


def services_of_codedeploy_have_task_sets() -> None:
    """DescribeServices answers task sets and no deployments of a service that CodeDeploy or somebody else deploys.

    https://github.com/boto/botocore/issues/2865, https://github.com/hashicorp/terraform-provider-aws/issues/29252:
    `deployments` is always empty. moto, and the sandbox's own services, make no difference.
    """
    original: Any = EC2ContainerServiceResponse.describe_services

    @instead(EC2ContainerServiceResponse, "describe_services")
    def describe_services(self: Any) -> ActionResult:
        result = original(self).result
        return ActionResult({**result, "services": [_with_task_sets(service) for service in result["services"]]})


def _with_task_sets(service: dict[str, Any]) -> dict[str, Any]:
    if service["deploymentController"]["type"] == "ECS":
        return service
    task_sets = [_task_set(service, deployment) for deployment in service["deployments"]]
    return {**service, "deployments": [], "taskSets": task_sets}


def _task_set(service: dict[str, Any], deployment: dict[str, Any]) -> dict[str, Any]:
    kept = ("id", "status", "taskDefinition", "pendingCount", "runningCount", "createdAt", "updatedAt", "launchType")
    steady = deployment["rolloutState"] == "COMPLETED"
    return {
        **{key: deployment[key] for key in (*kept, "platformVersion", "platformFamily", "networkConfiguration")},
        "taskSetArn": f"{service['serviceArn'].replace(':service/', ':task-set/')}/{deployment['id']}",
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "computedDesiredCount": deployment["desiredCount"],
        "loadBalancers": service["loadBalancers"],
        "scale": {"value": 100.0, "unit": "PERCENT"},
        "stabilityStatus": "STEADY_STATE" if steady else "STABILIZING",
        "stabilityStatusAt": deployment["updatedAt"] or datetime.now(UTC),
    }


def tasks_are_listed_of_what_there_is() -> None:
    """ListTasks refuses an unknown cluster (ClusterNotFoundException) and an unknown service of a known one.

    API reference, ServiceNotFoundException. Otherwise nothing would be listed, and it would look like no tasks.
    """
    original: Any = EC2ContainerServiceResponse.list_tasks

    @instead(EC2ContainerServiceResponse, "list_tasks")
    def list_tasks(self: Any) -> ActionResult:
        cluster = self._get_param("cluster", "default").split("/")[-1]
        if cluster not in self.ecs_backend.clusters:
            raise Refused("ClusterNotFoundException", "Cluster not found.")
        service = (self._get_param("serviceName") or "").split("/")[-1]
        here = {one.name for one in self.ecs_backend.services.values() if one.cluster_name == cluster}
        if service and service not in here:
            raise Refused("ServiceNotFoundException", "Service not found.")
        result: ActionResult = original(self)
        return result


CORRECTIONS = (
    images_come_in_pages,
    scanned_images_say_so,
    certificates_are_listed_by_key_type,
    services_of_codedeploy_have_task_sets,
    tasks_are_listed_of_what_there_is,
)
