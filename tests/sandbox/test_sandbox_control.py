"""Starting, stopping and finding sandboxes, and the switches."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bascule import cli_sandbox
from bascule.errors import BasculeError, InputError
from bascule.sandbox import clock, control
from bascule.sandbox.control import Running


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[[str], Running]]:
    """Starts sandboxes in folders of their own and stops them at the end."""
    roots: list[Path] = []

    def start(name: str) -> Running:
        roots.append(tmp_path / name)
        return control.start(tmp_path / name, owner_pid=os.getpid())

    yield start
    for root in roots:
        control.stop(root)


def ids(running: Running, connect: Callable[..., Any]) -> dict[str, Any]:
    """Whatever has an id in the account, as its APIs list it."""
    ec2, ecs, ecr = (connect(running, service) for service in ("ec2", "ecs", "ecr"))
    service = ecs.describe_services(cluster="arquantix-cluster", services=["arquantix-coming-soon"])["services"][0]
    images = ecr.describe_images(repositoryName="arquantix-coming-soon")["imageDetails"]
    interfaces = ec2.describe_network_interfaces()["NetworkInterfaces"]
    return {
        "addresses": [one["Association"]["PublicIp"] for one in interfaces],
        "vpcs": [one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]],
        "subnets": [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]],
        "groups": [one["GroupId"] for one in ec2.describe_security_groups()["SecurityGroups"]],
        "rules": [one["SecurityGroupRuleId"] for one in ec2.describe_security_group_rules()["SecurityGroupRules"]],
        "interfaces": [one["NetworkInterfaceId"] for one in interfaces],
        "gateways": [one["InternetGatewayId"] for one in ec2.describe_internet_gateways()["InternetGateways"]],
        "tables": [one["RouteTableId"] for one in ec2.describe_route_tables()["RouteTables"]],
        "prefix lists": [one["PrefixListId"] for one in ec2.describe_managed_prefix_lists()["PrefixLists"]],
        "tasks": ecs.list_tasks(cluster="arquantix-cluster")["taskArns"],
        "deployments": [one["id"] for one in service["deployments"]],
        "images": [one["imageDigest"] for one in images],
    }


def test_two_sandboxes_run_at_once_with_the_same_ids_and_their_own_secrets(
    started: Callable[[str], Running], connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids are the same at every start, since imports/ is committed; the secret is new at every start.

    A profile of the caller's, one that exists nowhere even, is in nobody's way.
    """
    monkeypatch.setenv("AWS_PROFILE", "production")
    one, other = started("one"), started("other")

    def secret(running: Running) -> str:
        ssm = connect(running, "ssm")
        parameter = ssm.get_parameter(Name="/bascule/arquantix/origin-secret", WithDecryption=True)["Parameter"]
        assert parameter["Type"] == "SecureString"
        assert len(bytes.fromhex(parameter["Value"])) == 32
        return str(parameter["Value"])

    assert one.port != other.port
    found = ids(one, connect)
    assert found == ids(other, connect)
    assert found["addresses"] == ["51.112.143.34"]
    assert secret(one) != secret(other)
    assert connect(one, "sts").get_caller_identity()["Account"] == one.account_id == "123456789012"

    assert control.stop(one.root) is True
    assert control.status(one.root) is None
    assert control.stop(one.root) is False
    assert control.status(other.root) == other


def test_a_second_start_finds_the_first(sandbox: Running) -> None:
    """And says so."""
    again = control.start(sandbox.root)

    assert (sandbox.already, again.already) == (False, True)
    assert (again.pid, again.endpoint) == (sandbox.pid, sandbox.endpoint)
    assert control.status(sandbox.root) == sandbox


def test_a_running_sandbox_is_not_taken_for_another(sandbox: Running, accounts: Path) -> None:
    """Asked for another account or another port, start says what is running and how to stop it."""
    for options in ({"account": accounts / "tags-everywhere.toml"}, {"port": sandbox.port + 1}):
        with pytest.raises(BasculeError) as caught:
            control.start(sandbox.root, **options)  # type: ignore[arg-type]
        assert "bascule sandbox stop" in caught.value.remedy


def test_a_sandbox_ends_with_its_owner(tmp_path: Path, until: Callable[..., Any]) -> None:
    """Killed without a chance to stop anything, the owner still leaves no server behind."""
    script = (
        "import os, sys, time; from pathlib import Path; from bascule.sandbox import control\n"
        "print(control.start(Path(sys.argv[1]), owner_pid=os.getpid()).pid, flush=True); time.sleep(600)"
    )
    owner = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with closing(owner.stdout):
        pid = int(owner.stdout.readline())

    owner.kill()
    owner.wait()

    until(lambda: control.status(tmp_path) is None)
    until(lambda: not (tmp_path / control.READY).exists())
    assert pid != owner.pid


def test_ctrl_c_at_the_terminal_does_not_reach_the_sandbox(sandbox: Running) -> None:
    """It leads a session of its own, so whoever started it stops it when it is done with it."""
    assert os.getsid(sandbox.pid) == sandbox.pid
    assert os.getpgid(sandbox.pid) != os.getpgrp()


def test_a_taken_port_is_named_with_a_way_out(tmp_path: Path) -> None:
    """Nothing is started, and the folder isn't touched."""
    with socket.create_server((control.HOST, 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(BasculeError) as caught:
            control.start(tmp_path / "sandbox", port=port)

    assert str(port) in caught.value.what
    assert "--port" in caught.value.remedy
    assert not (tmp_path / "sandbox").exists()


def test_a_server_that_dies_shows_the_end_of_its_log(tmp_path: Path) -> None:
    """A configuration that the API's model doesn't know is found while seeding, in the server."""
    account = tmp_path / "account.toml"
    account.write_text('base = "arquantix"\n[distribution.config]\nCommnet = "a typing error"\n')

    with pytest.raises(BasculeError) as caught:
        control.start(tmp_path / "sandbox", account=account)

    assert caught.value.where == str(tmp_path / "sandbox" / control.LOG)
    assert "Commnet" in caught.value.remedy


def test_a_ready_file_of_something_else_is_no_sandbox(tmp_path: Path) -> None:
    """After a crash the pid and the port may belong to anything: only an answer with that pid counts."""
    facts = {"port": 1, "pid": os.getpid(), "account_id": "1", "region": "x", "account": "x"}
    edge = {"http": ["127.0.0.1", 1], "https": ["127.0.0.1", 1], "ca": "x", "host": "x"}
    (tmp_path / control.READY).write_text(json.dumps({**facts, "edge": edge}))

    assert control.status(tmp_path) is None
    assert control.stop(tmp_path) is False


def test_a_sandbox_whose_folder_is_gone_ends(started: Callable[[str], Running], until: Callable[..., Any]) -> None:
    """Nobody could stop it any more; configuring it then says how to start one."""
    running = started("one")

    (running.root / control.READY).unlink()

    until(lambda: os.waitpid(running.pid, os.WNOHANG)[0] == running.pid)
    with pytest.raises(BasculeError) as caught:
        control.configure(running, unhealthy=[])
    assert "bascule sandbox start" in caught.value.remedy


def test_the_environment_is_standard(sandbox: Running) -> None:
    """Nothing but variables that every AWS client knows."""
    env = control.environment(sandbox)

    assert env["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{sandbox.port}"
    assert [name for name in env if not name.startswith("AWS_")] == []


def test_exports_survive_a_shell() -> None:
    """Values are quoted, whatever they hold."""
    env = {"AWS_PROFILE": "a b", "AWS_SESSION_TOKEN": "", "AWS_CONFIG_FILE": "it's/$HOME"}
    script = control.shell_exports(env) + "".join(f'printf "%s\\n" "${name}"\n' for name in env)

    shown = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout

    assert shown.splitlines() == list(env.values())
    assert all(shlex.split(line)[0] == "export" for line in control.shell_exports(env).splitlines())


def test_switches_are_set_kept_and_reset(sandbox: Running) -> None:
    """Those that aren't named stay as they are."""
    everything_off = control.configure(sandbox)

    turned = control.configure(sandbox, unhealthy=["arquantix-coming-soon"])

    assert turned == everything_off | {"unhealthy": ["arquantix-coming-soon"]}
    assert control.configure(sandbox) == turned
    assert control.configure(sandbox, unhealthy=[]) == everything_off


def test_a_stopped_clock_is_moved_by_hand_and_runs_on_from_there() -> None:
    """So that a test sees each state for as long as it wants, and waits for none."""
    clock.stop(True)
    stopped = clock.now()
    assert clock.now() == stopped

    clock.advance(3600)
    assert clock.now() == stopped + 3600

    clock.stop(False)
    assert stopped + 3600 <= clock.now() < stopped + 7200


def test_an_unknown_switch_is_refused_with_those_there_are(sandbox: Running) -> None:
    """A typing error in a test would otherwise pass for a healthy service."""
    with pytest.raises(InputError, match=r"unknown switch 'unhelthy'.*never_steady"):
        control.configure(sandbox, unhelthy=["x"])


def test_only_this_machine_can_reach_it(sandbox: Running) -> None:
    """It listens on the loopback address alone."""
    with pytest.raises(OSError, match=r".*"), socket.create_connection(("127.0.0.2", sandbox.port), timeout=1):
        pass


def test_control_needs_neither_moto_nor_boto3() -> None:
    """`bascule --help` and `bascule sandbox status` stay light."""
    script = "import sys, bascule.sandbox.control; print(sorted({'moto', 'boto3', 'botocore'} & set(sys.modules)))"

    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert shown.strip() == "[]"


def test_switches_are_turned_from_the_command_line(
    sandbox: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On by a service's name, off without one; what isn't a switch is said."""
    monkeypatch.setattr(cli_sandbox, "_sandbox_root", lambda: sandbox.root)
    turned = CliRunner()
    for words, value in ((["broken", "web"], ["web"]), (["broken"], []), (["unhealthy", "a", "b"], ["a", "b"])):
        assert 0 == turned.invoke(cli_sandbox.app, ["set", *words]).exit_code
        assert value == control.configure(sandbox)[words[0]]
    for words, on in ((["undeployed"], True), (["undeployed", "--off"], False), (["unhealthy"], False)):
        assert 0 == turned.invoke(cli_sandbox.app, ["set", *words]).exit_code
        assert on == bool(control.configure(sandbox)[words[0]])
    assert isinstance(turned.invoke(cli_sandbox.app, ["set", "stopped"]).exception, InputError)
    monkeypatch.setattr(cli_sandbox, "_sandbox_root", lambda: tmp_path)
    assert isinstance(turned.invoke(cli_sandbox.app, ["set", "broken"]).exception, BasculeError)
