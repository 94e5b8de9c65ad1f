"""What runs in the tasks: the container that the load balancer will ask, as its task definition starts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from bascule.checks.base import Case, Check, listed
from bascule.inventory import serves
from bascule.ladder import Stage
from bascule.outcomes import Result, fail, passed, unknown, warn, worst

Definition = Mapping[str, Any]

EVERYWHERE = ("0.0.0.0", "::")
"""What a server listens on to be reached at the task's address, and by the container's own health check."""

NODE_DEFAULT = 5_000
"""Milliseconds for which Node keeps an idle connection (Node.js, http: server.keepAliveTimeout)."""


def running(case: Case) -> list[Definition]:
    """The task definitions of the tasks that run, which may be others than the service names; that one if none runs."""
    named = str(case.service.get("taskDefinition"))
    arns = sorted({str(task["taskDefinitionArn"]) for task in case.maybe("tasks") or () if "taskDefinitionArn" in task})
    others = {arn: case.among("running_definitions", arn) for arn in arns if arn != named}
    return [others.get(arn) or case.fact("task_definition") for arn in arns or [named]]


def name(definition: Definition) -> str:
    """Family and revision."""
    return f"{definition.get('family')}:{definition.get('revision')}"


def listening(case: Case, definition: Definition) -> list[Definition]:
    """The containers that the site file can mean."""
    return [container for container in definition.get("containerDefinitions", ()) if serves(container, case.site)]


def _port(case: Case) -> Result:
    return worst(_one_port(case, definition) for definition in running(case))


def _one_port(case: Case, definition: Definition) -> Result:
    port, found = case.site.service.container_port, listening(case, definition)
    if len(found) == 1:
        return passed(f"{name(definition)}: {found[0]['name']} listens on {port}")
    ports = {
        str(container.get("name")): listed(m.get("containerPort") for m in container.get("portMappings", ()))
        for container in definition.get("containerDefinitions", ())
    }
    seen = "; ".join(f"{container} on {those or 'no port'}" for container, those in ports.items())
    return fail(
        f"{name(definition)}: {'more than one' if found else 'no'} container "
        f"{case.site.service.container or 'of any name'} listens on {port} ({seen})",
        "correct service.container_port" + (" and name service.container" if found else " or service.container"),
    )


def _environment(container: Definition, key: str) -> str | None:
    return next((str(e.get("value")) for e in container.get("environment", ()) if e.get("name") == key), None)


def _elsewhere(container: Definition, key: str) -> str:
    """Where a value may come from that the task definition doesn't show, in words."""
    if any(secret.get("name") == key for secret in container.get("secrets", ())):
        return "a secret"
    return "an environment file" if container.get("environmentFiles") else ""


def _option(container: Definition, *options: str) -> str | None:
    """The value of an option of the container's command."""
    words = [*(container.get("entryPoint") or ()), *(container.get("command") or ())]
    split = [word for part in words for word in str(part).replace("=", " ").split()]
    return next((after for word, after in pairwise(split) if word in options), None)


def _each(case: Case, look: Callable[[Case, str, Definition], Result]) -> Result:
    """What is said of the container in every definition that runs; the port's own check tells where there is none."""
    found = [(definition, container) for definition in running(case) for container in listening(case, definition)]
    if not found:
        return unknown(
            f"no container listens on {case.site.service.container_port}", "correct service.container_port first"
        )
    return worst(look(case, f"{name(definition)} {container['name']}", container) for definition, container in found)


def _hostname(case: Case) -> Result:
    return _each(case, _one_hostname)


def _one_hostname(case: Case, where: str, container: Definition) -> Result:
    said = _option(container, "-H", "--hostname") or _environment(container, "HOSTNAME")
    remedy = 'set { name = "HOSTNAME", value = "0.0.0.0" } in the environment of the task definition, and deploy it'
    if said in EVERYWHERE:
        return passed(f"{where}: HOSTNAME is {said}")
    if said is not None:
        return fail(f"{where}: HOSTNAME is {said}, where the load balancer may not reach it", remedy)
    if source := _elsewhere(container, "HOSTNAME"):
        return unknown(f"{where}: HOSTNAME may come from {source}, which isn't read", f"look yourself, or {remedy}")
    return warn(f"{where}: no HOSTNAME in the task definition, so ECS sets the task's own name", remedy)


def _keep_alive(case: Case) -> Result:
    return _each(case, _one_keep_alive)


def _one_keep_alive(case: Case, where: str, container: Definition) -> Result:
    idle = case.site.load_balancer.idle_timeout * 1000
    said = _option(container, "--keepAliveTimeout") or _environment(container, "KEEP_ALIVE_TIMEOUT")
    remedy = (
        f'set {{ name = "KEEP_ALIVE_TIMEOUT", value = "{idle + 5_000}" }} (milliseconds) in the environment of the '
        "task definition, and deploy it; or make load_balancer.idle_timeout shorter than the application's"
    )
    beside = f"the load balancer keeps idle connections for {idle} ms"
    if said is None and (source := _elsewhere(container, "KEEP_ALIVE_TIMEOUT")):
        return unknown(
            f"{where}: KEEP_ALIVE_TIMEOUT may come from {source}, which isn't read", f"look yourself, or {remedy}"
        )
    if said is not None and not said.isdecimal():
        return fail(f"{where}: KEEP_ALIVE_TIMEOUT is {said!r}, which is no number", remedy)
    kept = NODE_DEFAULT if said is None else int(said)
    whose = (
        f"KEEP_ALIVE_TIMEOUT is {kept} ms"
        if said is not None
        else f"no KEEP_ALIVE_TIMEOUT; Node's default is {kept} ms"
    )
    seen = f"{where}: {whose}; {beside}"
    if kept > idle:
        return passed(seen)
    return warn(seen, remedy) if said is None else fail(seen, remedy)


CHECKS = (
    Check(
        "container-port",
        "one container of the running tasks listens on the site's port",
        Stage.ADOPT,
        True,
        "The service's load balancer names a container and its port. Tasks may run another revision than the service "
        "names, since a deployment that failed leaves the old ones: what runs is what counts.",
        _port,
        waivable=False,
    ),
    Check(
        "hostname",
        "the application listens on every address of its task",
        Stage.ATTACH,
        True,
        "Next.js' standalone server listens on HOSTNAME. ECS sets that to the task's own name, whatever the image "
        "says; only the task definition overrides it (vercel/next.js issue 58657). On Fargate that name leads to the "
        "task's address, so the load balancer gets through but a health check on localhost doesn't.",
        _hostname,
    ),
    Check(
        "keep-alive",
        "the application keeps idle connections longer than the load balancer",
        Stage.SERVE,
        True,
        "Where the application closes first, the load balancer now and then sends a request into a connection that "
        "was just closed, and a visitor gets 502 (ELB user guide, HTTP 502). Node closes after 5 s; Next.js' "
        "standalone server takes KEEP_ALIVE_TIMEOUT, in milliseconds (vercel/next.js pull request 46052).",
        _keep_alive,
    ),
)
