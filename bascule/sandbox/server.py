"""The sandbox's process: moto's server, corrected and seeded, on a loopback port until it is told to stop.

Started by `bascule.sandbox.control`. Writes `running.json` into its folder once it answers, and ends on SIGTERM,
when that file is gone, or when the process that it belongs to is gone.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from moto.core.exceptions import ServiceException
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from bascule.errors import BasculeError
from bascule.sandbox import corrections, requests, seed
from bascule.sandbox.account import Account, load
from bascule.sandbox.control import AUTHORITY, CALLS, CONTROL_PATH, HOST, READY
from bascule.sandbox.edge.running import RunningEdge
from bascule.sandbox.iam import Application, at_the_door
from bascule.sandbox.switches import turn

WATCHING = 0.5
"""Seconds between two looks at the owner and at the ready file."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until stopped; 1 with a message on stderr if that can't be done."""
    parser = argparse.ArgumentParser(prog="bascule.sandbox.server", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="folder for the ready file")
    parser.add_argument("--account", type=Path, required=True, help="account file to seed")
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 for any that is free")
    parser.add_argument("--owner", type=int, help="end when the process of this id is gone")
    options = parser.parse_args(arguments)
    try:
        account = load(options.account)
        _fill(account, options.account)
        _serve(account, options.account, options.root, options.port, options.owner)
    except BasculeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _fill(account: Account, path: Path) -> None:
    os.environ["MOTO_ACCOUNT_ID"] = account.id
    corrections.apply()
    try:
        seed.seed(account)
    except (ParamValidationError, ServiceException) as error:
        raise BasculeError(str(error), where=str(path), remedy="`config` tables are requests to the AWS API") from error


def _perform(account: Account, path: Path, endpoint: str) -> None:
    try:
        requests.perform(account, endpoint)
    except (BotoCoreError, ClientError) as error:
        raise BasculeError(str(error), where=str(path), remedy="`requests` are made of the AWS API") from error


def _serve(account: Account, path: Path, root: Path, port: int, owner: int | None) -> None:
    moto = DomainDispatcherApplication(create_backend_app)
    turn = threading.Lock()
    aws = _one_at_a_time(at_the_door(moto, account.id, root / CALLS), turn)
    edge = RunningEdge(moto, account.id, account.region, turn, (root / AUTHORITY).resolve())
    with socket.create_server((HOST, port)) as listening:
        server = make_server(
            HOST,
            0,
            _with_control(aws, turn, edge),
            threaded=True,
            request_handler=MotoRequestHandler,
            fd=listening.fileno(),
        )
        facts = {
            "port": listening.getsockname()[1],
            "pid": os.getpid(),
            "account_id": account.id,
            "region": account.region,
            "account": str(path),
            "edge": edge.facts(),
        }
        ending = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ending.set())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _perform(account, path, f"http://{HOST}:{facts['port']}")
        (root / CALLS).write_text("", encoding="utf-8")  # what the account began with is nobody's call
        ready = root / READY
        partial = ready.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        partial.replace(ready)
        while not ending.wait(WATCHING):
            if (owner and not _is_alive(owner)) or not _is_ours(ready):
                break
            edge.tend()
        edge.stop()
        server.shutdown()
        server.server_close()
    if _is_ours(ready):
        ready.unlink(missing_ok=True)


def _is_ours(ready: Path) -> bool:
    try:
        return bool(json.loads(ready.read_text(encoding="utf-8"))["pid"] == os.getpid())
    except (OSError, ValueError):
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _one_at_a_time(application: Application, turn: threading.Lock) -> Application:
    """Requests in turn: moto's backends are plain dictionaries, and a conditional write has to be atomic."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with turn:
            return list(application(environ, start_response))

    return serve


def _with_control(application: Application, taking_turns: threading.Lock, edge: RunningEdge) -> Application:
    """GET and POST on CONTROL_PATH read and turn the switches, and tell where the edge is; everything else is AWS's.

    `?outside=HOST:PORT` asks where a public address of the account is answered.
    """

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != CONTROL_PATH:
            return application(environ, start_response)
        status = "200 OK"
        try:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            asked = dict(parse_qsl(environ.get("QUERY_STRING", ""), strict_parsing=False))
            with taking_turns:
                switches = turn(json.loads(body) if body else {})
            answer: dict[str, Any] = {"pid": os.getpid(), "switches": switches, "edge": edge.facts()}
            if "outside" in asked:
                host, _, port = asked["outside"].rpartition(":")
                answer["outside"] = edge.outside(host, int(port))
        except ValueError as error:
            status, answer = "400 Bad Request", {"error": str(error)}
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    return serve


if __name__ == "__main__":
    sys.exit(main())
