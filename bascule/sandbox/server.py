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

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from moto.core.exceptions import ServiceException
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from bascule.errors import BasculeError
from bascule.sandbox import corrections, requests, seed
from bascule.sandbox.account import Account, load
from bascule.sandbox.control import CALLS, CONTROL_PATH, HOST, READY
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
    aws = at_the_door(DomainDispatcherApplication(create_backend_app), account.id, root / CALLS)
    with socket.create_server((HOST, port)) as listening:
        server = make_server(
            HOST,
            0,
            _one_at_a_time(_with_control(aws)),
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


def _one_at_a_time(application: Application) -> Application:
    """Requests in turn: moto's backends are plain dictionaries, and a conditional write has to be atomic."""
    turn_taking = threading.Lock()

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with turn_taking:
            return list(application(environ, start_response))

    return serve


def _with_control(application: Application) -> Application:
    """GET and POST on CONTROL_PATH read and turn the switches; everything else is AWS's."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != CONTROL_PATH:
            return application(environ, start_response)
        status = "200 OK"
        try:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            answer = {"pid": os.getpid(), "switches": turn(json.loads(body) if body else {})}
        except ValueError as error:
            status, answer = "400 Bad Request", {"error": str(error)}
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    return serve


if __name__ == "__main__":
    sys.exit(main())
