"""Start, stop and steer a sandbox. Needs neither moto nor boto3: those are in the server's process."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

from bascule.aws import is_loopback
from bascule.errors import BasculeError, InputError
from bascule.sandbox.account import ARQUANTIX, load

HOST = "127.0.0.1"
CONTROL_PATH = "/bascule-sandbox"
READY = "running.json"
LOG = "sandbox.log"
CALLS = "calls.jsonl"
"""A line for each AWS call that was answered, in order."""
AUTHORITY = "edge-ca.pem"
"""The certificate of the authority that the edge's certificates come from; a new one at every start."""

STARTING = 60.0
"""Seconds until a server that doesn't answer is given up; measured start: 2 s, on a busy machine 10 s."""
STOPPING = 10.0
"""Seconds between SIGTERM and SIGKILL."""
POLLING = 0.05
"""Seconds between two looks."""
TAIL = 15
"""Lines of the log that an error shows."""

_open = build_opener(ProxyHandler({})).open  # never through a proxy: the server is on this machine


@dataclass(frozen=True)
class Edge:
    """Where the sandbox answers for the site's host names, as CloudFront would."""

    http: tuple[str, int]
    """Address and port."""
    https: tuple[str, int]
    """Address and port."""
    ca: Path
    """The certificate of the authority to trust."""
    host: str = ""
    """A name that a distribution answers for; empty where there is no distribution."""

    @property
    def curl(self) -> str:
        """A command that asks it for the home page."""
        address, port = self.https
        return f"curl --cacert {shlex.quote(str(self.ca))} --connect-to ::{address}:{port} https://{self.host}/"


@dataclass(frozen=True)
class Running:
    """A sandbox that answers."""

    port: int
    pid: int
    account_id: str
    region: str
    account: Path
    """The account file that it was seeded from."""
    root: Path
    """The folder with its pid, port and log."""
    edge: Edge
    already: bool = False
    """True if `start` found it running instead of starting it."""

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"


@dataclass(frozen=True)
class LoggedCall:
    """An AWS call that the sandbox answered."""

    service: str
    """boto3's name, e.g. `elbv2`."""
    operation: str
    """The API's name, e.g. `DescribeRules`; `?` for a request that no model of botocore describes."""
    caller: str
    """Name of the role or user; an access key that is nobody's as it stands."""
    by: str
    """`bascule`, which says so in its user agent, or `terraform` (any other client)."""
    status: int
    """HTTP status of the answer."""
    refused: bool = False
    """Whether IAM, or an unknown access key, was the reason."""
    resources: tuple[str, ...] = ()
    """ARNs that the request names."""


def start(root: Path, *, account: Path | None = None, port: int = 0, owner_pid: int | None = None) -> Running:
    """The sandbox of the folder `root`, started unless it runs; returns once it answers.

    `account` is the account file (the audited account by default), `port` a loopback port (0: any free one). With
    `owner_pid` the sandbox ends when that process does; without, it runs until `stop`. It has a session of its
    own, so Ctrl-C at the terminal doesn't reach it.
    """
    file = (account or ARQUANTIX).resolve()
    if running := status(root):
        _check_same(running, file, port)
        return replace(running, already=True)
    _check_installed()
    load(file)
    _check_free(port)
    root = root.resolve()
    root.mkdir(parents=True, exist_ok=True)
    (root / READY).unlink(missing_ok=True)
    command = [sys.executable, "-m", "bascule.sandbox.server", "--root", str(root), "--account", str(file)]
    command += ["--port", str(port)]
    if owner_pid is not None:
        command += ["--owner", str(owner_pid)]
    with (root / LOG).open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # moto imports botocore, which gives up at once on a profile of the caller's that it can't find
            env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        )
    return _ready(root, process)


def stop(root: Path) -> bool:
    """End the sandbox of `root`; False if none was running."""
    running = status(root)
    if running is None:
        return False
    deadline = time.monotonic() + STOPPING
    with suppress(ProcessLookupError):
        os.kill(running.pid, signal.SIGTERM)
        while (running.root / READY).exists() and _exists(running.pid):
            if time.monotonic() > deadline:
                os.kill(running.pid, signal.SIGKILL)
                break
            time.sleep(POLLING)
    (running.root / READY).unlink(missing_ok=True)
    with suppress(ChildProcessError):
        os.waitpid(running.pid, 0)
    return True


def status(root: Path) -> Running | None:
    """The sandbox of `root` if it answers; a pid or port that now belongs to something else is no sandbox."""
    try:
        facts = json.loads((root / READY).read_text(encoding="utf-8"))
        running = Running(
            port=facts["port"],
            pid=facts["pid"],
            account_id=facts["account_id"],
            region=facts["region"],
            account=Path(facts["account"]),
            root=root.resolve(),
            edge=_edge(facts["edge"]),
        )
        answer = _ask(running.endpoint, None)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return running if answer.get("pid") == running.pid else None


def environment(running: Running) -> dict[str, str]:
    """The standard AWS variables that make any AWS client talk to the sandbox, to be laid over the caller's.

    A profile of the caller's is out of the way: config and credentials files are replaced by one that the sandbox
    wrote, and the profile is its `default`. (AWS_PROFILE can't be emptied instead: botocore looks for a profile
    of that name.) `AWS_SESSION_TOKEN` is emptied, which every SDK takes as unset.
    """
    config = running.root / "aws-config"
    config.write_text(f"[default]\nregion = {running.region}\n", encoding="utf-8")
    return {
        "AWS_ENDPOINT_URL": running.endpoint,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_SESSION_TOKEN": "",
        "AWS_REGION": running.region,
        "AWS_DEFAULT_REGION": running.region,
        "AWS_PROFILE": "default",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(config),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def shell_exports(env: Mapping[str, str]) -> str:
    """`export` lines for a POSIX shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in env.items())


def configure(running: Running, **switches: Any) -> dict[str, Any]:
    """Turn switches (`bascule.sandbox.switches.Switches`), leaving those not named; returns all of them."""
    try:
        answer = _ask(running.endpoint, switches)
    except HTTPError as error:
        raise InputError(json.load(error)["error"], where=f"sandbox at {running.endpoint}") from error
    except OSError as error:
        raise not_running(running.root) from error
    found: dict[str, Any] = answer["switches"]
    return found


def calls(running: Running, since: int = 0) -> list[LoggedCall]:
    """Every AWS call that the sandbox answered since it was started, from the `since`th on."""
    whole, _, _ = (running.root / CALLS).read_text(encoding="utf-8").rpartition("\n")  # the last may be being written
    found = (json.loads(line) for line in whole.splitlines()[since:])
    return [LoggedCall(**{**one, "resources": tuple(one["resources"])}) for one in found]


def not_running(root: Path) -> BasculeError:
    """The error of a command that needs a sandbox where none answers."""
    return BasculeError("no sandbox is running", where=str(root), remedy="start one: bascule sandbox start")


def edge(endpoint: str) -> Edge | None:
    """Where the sandbox at an AWS endpoint answers for the site's host names; None if there is no sandbox of ours."""
    found = _told(endpoint, "")
    return None if found is None else _edge(found["edge"])


def outside(endpoint: str, host: str, port: int) -> tuple[str, int] | None:
    """Where loopback stands for a public address of the sandbox's account as it is now: a load balancer's name or a
    task's address. A port that refuses connections, where security groups shut it; None for any other host, and if
    there is no sandbox of ours at this endpoint."""
    found = _told(endpoint, f"?outside={quote(f'{host}:{port}')}")
    address = None if found is None else found["outside"]
    return None if address is None else (str(address[0]), int(address[1]))


def _told(endpoint: str, query: str) -> dict[str, Any] | None:
    """What the sandbox at this endpoint says of itself; None where it is none, or isn't on this machine. Raises
    BasculeError where somebody listens and says nothing: that is no answer, and not taken for one."""
    if not is_loopback(endpoint):
        return None
    try:
        found = _ask(endpoint.rstrip("/"), None, query, STARTING)
        return found if isinstance(found, dict) and "edge" in found else None
    except TimeoutError as error:
        what = f"no answer within {STARTING:.0f} seconds"
        raise BasculeError(what, where=endpoint, remedy="see whether the machine is busy, and try again") from error
    except (OSError, HTTPException, ValueError):
        return None


def _edge(facts: Mapping[str, Any]) -> Edge:
    (http, https) = ((str(host), int(port)) for host, port in (facts["http"], facts["https"]))
    return Edge(http, https, Path(facts["ca"]), str(facts["host"]))


def _ask(endpoint: str, switches: dict[str, Any] | None, query: str = "", timeout: float = STOPPING) -> dict[str, Any]:
    body = None if switches is None else json.dumps(switches).encode()
    request = Request(endpoint + CONTROL_PATH + query, data=body)
    with _open(request, timeout=timeout) as response:
        found: dict[str, Any] = json.load(response)
    return found


def _ready(root: Path, process: subprocess.Popen[bytes]) -> Running:
    deadline = time.monotonic() + STARTING
    while (running := status(root)) is None:
        if process.poll() is not None:
            raise BasculeError("the sandbox did not start", where=str(root / LOG), remedy=_tail(root))
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            what = f"the sandbox did not answer within {STARTING:.0f} seconds"
            raise BasculeError(what, where=str(root / LOG), remedy=_tail(root))
        time.sleep(POLLING)
    process.returncode = 0  # outlives this object on purpose: no ResourceWarning when it is collected
    return running


def _tail(root: Path) -> str:
    lines = (root / LOG).read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
    return "the log ends with\n" + "\n".join(f"    {line}" for line in lines)


def _check_same(running: Running, account: Path, port: int) -> None:
    stopping = "stop it first: bascule sandbox stop"
    if running.account != account:
        raise BasculeError(f"a sandbox of {running.account} is running", where=str(running.root), remedy=stopping)
    if port not in (0, running.port):
        raise BasculeError(f"the sandbox is running on port {running.port}", where=str(running.root), remedy=stopping)


def _check_installed() -> None:
    if missing := [name for name in ("moto", "flask", "hypercorn", "trustme") if find_spec(name) is None]:
        raise BasculeError(
            f"the sandbox needs {missing[0]}, which isn't installed",
            where=sys.prefix,
            remedy="install it: pip install 'bascule[sandbox]'",
        )


def _check_free(port: int) -> None:
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise BasculeError(
            f"port {port} can't be used: {error.strerror}",
            where=f"{HOST}:{port}",
            remedy="choose another with --port, or let the sandbox take any free one: --port 0",
        ) from error


def _exists(pid: int) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a child of ours stays as a zombie until it is asked for
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
