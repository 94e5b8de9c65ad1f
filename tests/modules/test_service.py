"""The service's overlay: what each rung changes of what was adopted, and that nothing else does."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from synthesis import ADOPTED, SITE, without

from bascule.ladder import Stage
from modules.service import DELIVERED_ELSEWHERE, service_values

OURS = {"container_name": "app", "container_port": 3000, "target_group_arn": "arn:ours"}
OTHER = {"container_name": "metrics", "container_port": 9000, "target_group_arn": "arn:other"}
NETWORK = {"assign_public_ip": True, "security_groups": ["sg-0aaaaaaaa"], "subnets": ["subnet-1", "subnet-2"]}
ATTACHED = [stage for stage in Stage if stage.at_least(Stage.ATTACH)]
CONNECTED = [stage for stage in Stage if stage.at_least(Stage.CONNECT)]

SERVICES = st.fixed_dictionaries(
    {"name": st.just("app"), "network_configuration": st.just([NETWORK]), "desired_count": st.integers(0, 9)},
    optional={
        "load_balancer": st.just([OTHER]),
        "health_check_grace_period_seconds": st.just(45),
        "deployment_circuit_breaker": st.just([{"enable": True, "rollback": True}]),
        "tags": st.just({"a": "b"}),
    },
)
GRACE = st.none() | st.integers(0, 600)
KEPT = st.lists(st.sampled_from(["sg-0bbbbbbbb", "sg-0cccccccc"]), unique=True).map(tuple)


def values(
    adopted: dict[str, Any], stage: Stage, *, grace: int | None = None, keep: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The service at a stage, the adopted one left as it was."""
    before = deepcopy(adopted)
    site = SITE.service.model_copy(update={"health_check_grace_period": grace, "keep_security_groups": keep})
    found = service_values(
        adopted, site, stage, container="app", target_group_arn="arn:ours", tasks_group_id="sg-0tasks"
    )
    assert before == adopted
    return found


@given(SERVICES, GRACE, KEPT)
def test_at_adopt_it_is_what_was_adopted(adopted: dict[str, Any], grace: int | None, keep: tuple[str, ...]) -> None:
    """Whatever the site file says about later rungs."""
    assert adopted == values(adopted, Stage.ADOPT, grace=grace, keep=keep)


@given(SERVICES, GRACE, KEPT)
def test_build_only_makes_terraform_wait(adopted: dict[str, Any], grace: int | None, keep: tuple[str, ...]) -> None:
    """Both arguments are Terraform's own: ECS hears nothing of them."""
    expected = {**adopted, "wait_for_steady_state": True, "timeouts": {"update": "20m"}}
    assert expected == values(adopted, Stage.BUILD, grace=grace, keep=keep)


@given(SERVICES, st.sampled_from(ATTACHED), KEPT)
def test_from_attach_on_our_target_group_stands_beside_those_it_had(
    adopted: dict[str, Any], stage: Stage, keep: tuple[str, ...]
) -> None:
    """The tasks' security group travels with it; groups to keep stay, others are swapped for ours."""
    found = values(adopted, stage, keep=keep)
    assert [*adopted.get("load_balancer", []), OURS] == found["load_balancer"]
    assert [{**NETWORK, "security_groups": [*keep, "sg-0tasks"]}] == found["network_configuration"]
    changed = ("load_balancer", "network_configuration")
    assert without(values(adopted, Stage.BUILD), *changed) == without(found, *changed)


@given(SERVICES, GRACE)
def test_the_grace_period_never_travels_with_the_target_group(adopted: dict[str, Any], grace: int | None) -> None:
    """Below `connect` it is as adopted, so the call that attaches doesn't hold it."""
    key = "health_check_grace_period_seconds"
    for stage in (Stage.ADOPT, Stage.BUILD, Stage.ATTACH):
        assert adopted.get(key) == values(adopted, stage, grace=grace).get(key)


@given(SERVICES, GRACE, st.sampled_from(CONNECTED))
def test_from_connect_on_the_grace_period_is_the_site_files(
    adopted: dict[str, Any], grace: int | None, stage: Stage
) -> None:
    """Where it names none, the adopted one stays; nothing else changes above `attach`."""
    key = "health_check_grace_period_seconds"
    expected = values(adopted, Stage.ATTACH) | ({} if grace is None else {key: grace})
    assert expected == values(adopted, stage, grace=grace)


def test_terraform_leaves_deployments_and_scaling_alone() -> None:
    """What delivers the application changes these two, and no plan may take it back."""
    assert ("task_definition", "desired_count") == DELIVERED_ELSEWHERE
    assert set(DELIVERED_ELSEWHERE) <= set(ADOPTED.service)
