"""Puts an account, as data, into moto's backends: the same ids at every start."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from importlib import import_module
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import validate_parameters
from moto.acm.models import CertBundle, acm_backends
from moto.cloudfront.models import CloudFrontFunction, Distribution, OriginAccessControl, cloudfront_backends
from moto.ec2.models import ec2_backends
from moto.ecr.models import ecr_backends
from moto.ecs.models import ecs_backends
from moto.iam.models import iam_backends
from moto.moto_api._internal import mock_random
from moto.s3.models import s3_backends
from moto.ssm.models import ssm_backends

from bascule.sandbox import services, switches
from bascule.sandbox.account import Account, Bucket, Config


def seed(account: Account) -> None:
    """Fill the backends of this process.

    botocore's ParamValidationError for what the API has no word for, moto's ServiceException for what AWS refuses.
    """
    _identities(account)
    mock_random.seed(account.id)  # whatever has no id in the account file gets the same one at every start
    _network(account)
    for name, bucket in account.buckets.items():
        _bucket(account, name, bucket)
    _secrets(account)
    _repositories(account)
    _service(account)
    _certificates(account)
    _distribution(account)
    switches.turn(account.switches)


ADMINISTRATOR = "sandbox"
"""Name of the user, and access key, that `bascule.sandbox.control.environment` hands out."""


def _identities(account: Account) -> None:
    """ECS's service-linked role, without which no service in network mode awsvpc runs, and a user who may do all.

    They come before the seed of all ids is set: the audit doesn't speak of them.
    """
    iam = iam_backends[account.id]["aws"]
    iam.create_service_linked_role("ecs.amazonaws.com", "Role to enable Amazon ECS to manage your cluster.", "")
    iam.create_user("us-east-1", ADMINISTRATOR)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_user_policy(ADMINISTRATOR, "everything", json.dumps({"Version": "2012-10-17", "Statement": [everything]}))
    key = iam.create_access_key(ADMINISTRATOR)
    del iam.access_keys[key.physical_resource_id]
    key.access_key_id = key.secret_access_key = ADMINISTRATOR
    iam.access_keys[key.physical_resource_id] = key


@contextmanager
def _named(module: str, function: str, value: str) -> Iterator[None]:
    """Meanwhile, moto's id generator `function` answers `value`."""
    holder = import_module(module)
    original = getattr(holder, function)
    setattr(holder, function, lambda: value)
    try:
        yield
    finally:
        setattr(holder, function, original)


def _network(account: Account) -> None:
    network, ec2 = account.network, ec2_backends[account.id][account.region]
    for region in ec2.regions:
        if region.name == account.region and region.opt_in_status == "not-opted-in":
            region.opt_in_status = "opted-in"  # or nothing could be in it
    models = "moto.ec2.models"
    with _named(f"{models}.vpcs", "random_vpc_id", network.vpc_id):
        vpc = ec2.create_vpc(network.cidr)
    vpc.enable_dns_hostnames = True
    with _named(f"{models}.internet_gateways", "random_internet_gateway_id", network.internet_gateway_id):
        gateway = ec2.create_internet_gateway()
    ec2.attach_internet_gateway(gateway.id, vpc.id)
    with _named(f"{models}.route_tables", "random_route_table_id", network.route_table_id):
        routes = ec2.create_route_table(vpc.id)
    ec2.create_route(routes.id, "0.0.0.0/0", gateway_id=gateway.id)
    for one in network.subnets:
        with _named(f"{models}.subnets", "random_subnet_id", one.id):
            subnet = ec2.create_subnet(vpc.id, one.cidr, availability_zone=one.zone)
        subnet.map_public_ip_on_launch = True
        ec2.associate_route_table(routes.id, subnet_id=subnet.id)
    for group in account.security_groups.values():
        with _named(f"{models}.security_groups", "random_security_group_id", group.id):
            ec2.create_security_group(group.name, group.description, vpc_id=vpc.id)
        for port in group.open_ports:
            ec2.authorize_security_group_ingress(group.id, "tcp", str(port), str(port), [{"CidrIp": "0.0.0.0/0"}])


def _bucket(account: Account, name: str, bucket: Bucket) -> None:
    s3 = s3_backends[account.id]["aws"]
    s3.create_bucket(name, bucket.region or account.region)
    s3.put_bucket_encryption(name, {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}})
    if bucket.public:
        s3.put_bucket_policy(name, _public_policy(name))
    else:
        s3.put_public_access_block(name, dict.fromkeys(_BLOCKS, "true"))
    if bucket.versioned:
        s3.put_bucket_versioning(name, "Enabled")
    if bucket.tags:
        s3.put_bucket_tagging(name, bucket.tags)
    for key, file in bucket.objects.items():
        content = s3.put_object(name, key, file.read_bytes())
        content.set_metadata({"Content-Type": "text/html; charset=utf-8"})
    for number in range(1, bucket.generated + 1):
        s3.put_object(name, f"page-{number:04}.html", b"<p>Soon</p>")


_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _public_policy(name: str) -> bytes:
    statement = {
        "Sid": "PublicRead",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode()


def _secrets(account: Account) -> None:
    ssm = ssm_backends[account.id][account.region]
    for name in account.secrets.names:
        value = secrets.token_hex(32)
        ssm.put_parameter(name, "", value, "SecureString", "", "alias/aws/ssm", False, [], "text", None, None)


def _repositories(account: Account) -> None:
    ecr = ecr_backends[account.id][account.region]
    for repository in account.repositories:
        ecr.create_repository(repository.name, None, {"encryptionType": "AES256"}, None, "MUTABLE", [])
        for image in repository.images:
            manifest = _manifest(f"{repository.name}:{image.pushed_at.isoformat()}")
            for tag in image.tags:
                digest = f"sha256:{sha256(manifest.encode()).hexdigest()}"
                pushed = ecr.put_image(repository.name, manifest, tag, digest=digest)
                pushed.image_pushed_at = int(image.pushed_at.timestamp())
        for number in range(1, repository.generated + 1):
            manifest = _manifest(f"{repository.name}:{number}")
            digest = f"sha256:{sha256(manifest.encode()).hexdigest()}"
            built = ecr.put_image(repository.name, manifest, f"build-{number:04}", digest=digest)
            built.image_pushed_at = int(repository.images[0].pushed_at.timestamp()) - 60 * number


def _manifest(content: str) -> str:
    media = "application/vnd.docker.distribution.manifest.v2+json"
    return json.dumps({"schemaVersion": 2, "mediaType": media, "config": {"digest": content}, "layers": []})


def _service(account: Account) -> None:
    ecs, definition, service = ecs_backends[account.id][account.region], account.task_definition, account.service
    _check("ecs", "RegisterTaskDefinition", definition.config)
    _check("ecs", "CreateService", service.config)
    ecs.create_cluster(service.config["cluster"])
    request = {_snake(key): value for key, value in definition.config.items()}
    for _ in range(definition.revision):
        ecs.register_task_definition(**request)
    created = service.created_at.timestamp()
    live = services.create(account.id, account.region, service.config, created)
    services.register(live)
    services.settle(live, created)
    ec2 = ec2_backends[account.id][account.region]
    for task, described in zip(live.deployments[0].tasks, service.tasks, strict=True):
        interface = task.network_interface
        del ec2.enis[interface.id]
        task.id, interface.id, interface.public_ip = described.id, described.network_interface_id, described.public_ip
        interface.private_ip_address = described.private_ip
        interface.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": described.private_ip}]
        ec2.enis[interface.id] = interface
    services.settle(live, created + services.STARTING)


def _certificates(account: Account) -> None:
    for certificate in account.certificates:
        region = certificate.arn.split(":")[3]
        bundle = CertBundle.generate_cert(certificate.domains[0], account.id, region, list(certificate.domains))
        bundle.arn, bundle.status = certificate.arn, "ISSUED"
        if certificate.until is not None:
            _ends(bundle, certificate.until)
        viewer = account.distribution.config.get("ViewerCertificate", {}) if account.distribution else {}
        if account.distribution and viewer.get("ACMCertificateArn") == bundle.arn:
            bundle.in_use_by.append(f"arn:aws:cloudfront::{account.id}:distribution/{account.distribution.id}")
        acm_backends[account.id][region]._certificates[bundle.arn] = bundle


def _ends(bundle: Any, until: datetime) -> None:
    """Let a certificate be told to be valid until then."""
    bundle._not_valid_after = lambda certificate: until.replace(tzinfo=None)


def _distribution(account: Account) -> None:
    cloudfront, wanted = cloudfront_backends[account.id]["aws"], account.distribution
    for control in account.origin_access_controls:
        made = OriginAccessControl(control.config)
        made.id = control.id
        cloudfront.origin_access_controls[control.id] = made
    for function in account.functions:
        config = {"Comment": "", "Runtime": "cloudfront-js-2.0"}
        published = CloudFrontFunction(account.id, "aws", function.name, config, function.code.encode())
        published.stage, published.status = "LIVE", "DEPLOYED"
        cloudfront.functions[function.name] = published
    if wanted is None:
        return
    distribution = Distribution(account.id, "aws", wanted.config)
    distribution.id = distribution.distribution_id = wanted.id
    distribution.arn = f"arn:aws:cloudfront::{account.id}:distribution/{wanted.id}"
    distribution.domain_name, distribution.etag = wanted.domain, wanted.etag
    distribution.last_modified_time = _iso(wanted.modified_at)
    _check("cloudfront", "CreateDistribution", {"DistributionConfig": vars(distribution)["distribution_config"]})
    cloudfront.distributions[wanted.id] = distribution
    tags = [{"Key": key, "Value": value} for key, value in wanted.tags.items()]
    cloudfront.tagger.tag_resource(distribution.arn, tags)


def _check(service: str, operation: str, request: Config) -> None:
    model = ServiceModel(Loader().load_service_model(service, "service-2"))
    validate_parameters(request, model.operation_model(operation).input_shape)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
