"""One sandbox a module, driven through boto3 and the environment that it hands out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest

from bascule.sandbox import control
from bascule.sandbox.control import Running

POLLING = 0.05
"""Seconds between two looks."""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox of the audited account; it ends with this process at the latest."""
    root = tmp_path_factory.mktemp("sandbox")
    yield control.start(root, owner_pid=os.getpid())
    control.stop(root)


@pytest.fixture(scope="module")
def aws(sandbox: Running) -> Iterator[Callable[..., Any]]:
    """Makes boto3 clients for the module's sandbox, each once."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in control.environment(sandbox).items():
            patch.setenv(name, value)
        yield cache(boto3.client)


@pytest.fixture(scope="session")
def until() -> Callable[..., Any]:
    """Calls a function until it answers something true, and returns that; fails after `seconds`."""

    def wait(found: Callable[[], Any], seconds: float = 15.0) -> Any:
        deadline = time.monotonic() + seconds
        while not (answer := found()):
            assert time.monotonic() < deadline, f"still {answer!r} after {seconds} seconds"
            time.sleep(POLLING)
        return answer

    return wait


@pytest.fixture(scope="session")
def accounts() -> Path:
    """The folder of account files that vary the audited one."""
    return Path(__file__).parent / "accounts"
