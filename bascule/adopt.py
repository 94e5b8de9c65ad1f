"""Adoption: Terraform itself reads what is live, and the result is kept only once it proves to change nothing."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bascule import __version__, aws, files, hcl, live, plan_json, render, schema, site_file, summary, terraform
from bascule.adopted import FACTS
from bascule.errors import BasculeError
from bascule.ladder import Stage, reached
from bascule.session import Session, initialize, lock_file, set_path_style
from bascule.synth import CONFIGURATION, synthesize
from bascule.workspace import Workspace

FILES = {
    "distribution.tf": "aws_cloudfront_distribution",
    "bucket.tf": "aws_s3_bucket",
    "service.tf": "aws_ecs_service",
}
"""The file of each adopted resource."""

GENERATED = "generated.tf"


@dataclass(frozen=True)
class Adoption:
    """What `adopt` did: the files it wrote, and those whose body hadn't changed."""

    written: tuple[Path, ...]
    unchanged: tuple[Path, ...]


def adopt(session: Session) -> Adoption:
    """Read the live resources, prove that the `adopt` stage would change nothing, then write `imports/<site>/`.

    Raises BasculeError, with nothing written, if a resource isn't there or can't be adopted, if the state shows a later
    rung, or with the arguments that differ if the plan isn't exactly three imports.
    """
    session.say("reading the live resources")
    found = live.read(session.clients, session.site)
    live.check(found, session.site)
    if headers := live.secrets_in_clear(found):
        session.say(f"note: imports/ and rendered/ will show the values of the origin headers {', '.join(headers)}")
    session.workspace.scratch().mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="adopt-", dir=session.workspace.scratch()) as folder:
        scratch = Path(folder)
        session.say("asking Terraform to write them as configuration")
        bodies = _generate(session, scratch / "generate")
        bodies[FACTS] = _facts(session, found)
        workspace = _scratch_workspace(session, scratch / "workspace", bodies)
        _refuse_above_adopt(session, workspace)
        session.say("proving that adopting changes nothing")
        _prove(session, workspace)
    done = _keep(session, bodies)
    session.record("adopt", written=", ".join(path.name for path in done.written))
    return done


def _generate(session: Session, directory: Path) -> dict[str, str]:
    directory.mkdir(parents=True)
    configuration = {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": schema.PROVIDER_VERSION}}},
        "provider": {"aws": {"region": session.site.region}},
        "import": [{"to": f"{type_}.site", "id": id_} for type_, id_ in session.site.import_ids().items()],
    }
    (directory / "main.tf.json").write_text(json.dumps(configuration), encoding="utf-8")
    set_path_style(directory, session.identity.endpoint)
    terraform.init(session.terraform, directory, session.environment, lock_file=lock_file(session))
    with session.watch() as on_event:
        terraform.plan(
            session.terraform,
            directory,
            session.environment,
            out=directory / "plan.tfplan",
            extra=[f"-generate-config-out={directory / GENERATED}"],
            on_event=on_event,
        )
    resources = hcl.loads((directory / GENERATED).read_text(encoding="utf-8"), where=GENERATED)["resource"]
    extract = schema.load()
    return {
        name: render.main_tf({"resource": {type_: {"site": cleaned(type_, resources[type_]["site"])}}}, extract)
        for name, type_ in FILES.items()
    }


def cleaned(type_: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values`, as Terraform generated them, without what says nothing: nulls, empty collections, `tags_all`.

    Also without what would be wrong to keep: `iam_role` forces a replacement of services that use the service-linked
    role (hashicorp/terraform-provider-aws issue 30161); zero TTLs beside a cache policy are refused by CloudFront; a
    grace period of 0 is none, and is not allowed without a load balancer.
    """
    values = {key: value for key, value in _pruned(values).items() if key not in ("tags_all", "iam_role")}
    if type_ == "aws_ecs_service" and values.get("health_check_grace_period_seconds") == 0:
        del values["health_check_grace_period_seconds"]
    for name in ("default_cache_behavior", "ordered_cache_behavior"):
        if name in values:
            values[name] = [_behavior(behavior) for behavior in values[name]]
    return values


def _pruned(values: Mapping[str, Any]) -> dict[str, Any]:
    pruned = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            value = _pruned(value)
        elif isinstance(value, list):
            value = [_pruned(item) if isinstance(item, Mapping) else item for item in value]
        if value not in (None, [], {}):
            pruned[key] = value
    return pruned


def _behavior(behavior: Mapping[str, Any]) -> dict[str, Any]:
    dropped = {"min_ttl", "default_ttl", "max_ttl"} if "cache_policy_id" in behavior else set()
    if behavior.get("grpc_config") == [{"enabled": False}]:
        dropped.add("grpc_config")
    return {key: value for key, value in behavior.items() if key not in dropped}


def _facts(session: Session, found: live.Live) -> str:
    facts = {
        "account": session.identity.account,
        "distribution_id": session.site.distribution.id,
        "vpc_id": found.vpc_id,
        "zones": dict(found.zones),
        "container": live.container(found.task_definition, session.site),
        "container_port": session.site.service.container_port,
    }
    return render.main_tf({"locals": facts}, schema.load())


def _scratch_workspace(session: Session, root: Path, bodies: Mapping[str, str]) -> Workspace:
    workspace = Workspace(root)
    files.write(root / "sites" / f"{session.name}.toml", site_file.read_text(session.workspace.site_file(session.name)))
    for name, body in bodies.items():
        files.write(workspace.imports(session.name) / name, body)
    synthesize(workspace, session.name, Stage.ADOPT, workspace.out())
    return workspace


def _refuse_above_adopt(session: Session, workspace: Workspace) -> None:
    directory = workspace.synthesized(session.name)
    initialize(session, directory)
    rung = reached(terraform.show_json(session.terraform, directory, session.environment))
    if not Stage.ADOPT.at_least(rung):
        raise BasculeError(
            f"the rung reached is {rung}: adopting now would overwrite what the way back is made of",
            where=f"state of {session.name}",
            remedy='go back first: stage = "adopt", then `bascule apply`',
        )


def _prove(session: Session, workspace: Workspace) -> None:
    directory = workspace.root / "proof"
    directory.mkdir()
    shutil.copy(workspace.synthesized(session.name) / CONFIGURATION, directory)
    # An override's backend takes the place of the configuration's own, so the proof starts from an empty local state.
    files.write(directory / "backend_override.tf.json", json.dumps({"terraform": {"backend": {"local": {}}}}))
    set_path_style(directory, session.identity.endpoint)
    terraform.init(session.terraform, directory, session.environment, lock_file=lock_file(session))
    plan_file = directory / "plan.tfplan"
    with session.watch() as on_event:
        terraform.plan(session.terraform, directory, session.environment, out=plan_file, on_event=on_event)
    plan = plan_json.read(terraform.show_json(session.terraform, directory, session.environment, plan_file))
    counted = summary.counts(plan)
    if counted != summary.ADOPTION:
        listed = "\n".join(f"  {difference}"[:400] for difference in summary.differences(plan))
        raise BasculeError(
            f"adopting would not be free of change: {counted}\n{listed}",
            where=f"imports/{session.name}/ (left as it was)",
            remedy="the arguments listed differ between what is live and what Terraform would write; see docs/adopt.md",
        )
    session.say(f"proved: {counted}")


def _keep(session: Session, bodies: Mapping[str, str]) -> Adoption:
    written, unchanged = [], []
    for name, body in bodies.items():
        path = session.workspace.imports(session.name) / name
        if path.exists() and without_header(path.read_text(encoding="utf-8")) == body:
            unchanged.append(path)
            continue
        files.write(path, _header(session, name) + body)
        written.append(path)
    return Adoption(tuple(written), tuple(unchanged))


def without_header(text: str) -> str:
    """The body of an adopted file: what follows its leading comment and blank lines."""
    lines = text.split("\n")
    start = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    return "\n".join(lines[start:])


def _header(session: Session, name: str) -> str:
    source = "AWS"
    if session.identity.endpoint:
        source = "a local stand-in for AWS" if aws.is_loopback(session.identity.endpoint) else session.identity.endpoint
    day = datetime.now(UTC).date().isoformat()
    subject = (
        "Facts of the account that no adopted resource carries"
        if name == FACTS
        else f"{FILES[name]} {session.site.import_ids()[FILES[name]]}"
    )
    return (
        f"# {subject}, read from {source} on {day}\n"
        f"# by bascule {__version__} with Terraform {session.terraform.version} and AWS provider "
        f"{schema.PROVIDER_VERSION}. `bascule adopt` writes this file.\n\n"
    )
