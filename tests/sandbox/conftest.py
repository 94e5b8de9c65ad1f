"""One sandbox for all tests, driven through boto3 and the environment that it hands out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from moved import Site

from bascule.sandbox import control
from bascule.sandbox.control import Running

POLLING = 0.05
"""Seconds between two looks."""


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox of the audited account, for tests that leave it as they found it."""
    root = tmp_path_factory.mktemp("sandbox")
    yield control.start(root, owner_pid=os.getpid())
    control.stop(root)


@pytest.fixture(scope="session")
def connect() -> Callable[..., Any]:
    """Makes a boto3 client from the environment that a sandbox hands out."""

    def client(running: Running, service: str, **options: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in control.environment(running).items():
                patch.setenv(name, value)
            return boto3.Session().client(service, **options)

    return client


@pytest.fixture(scope="session")
def aws(sandbox: Running, connect: Callable[..., Any]) -> Callable[..., Any]:
    """Makes clients of the shared sandbox, each once."""
    return cache(lambda service, **options: connect(sandbox, service, **options))


@pytest.fixture
def later(sandbox: Running) -> Iterator[Callable[[float], Any]]:
    """Stops the shared sandbox's clock for one test; a call lets so many seconds go by."""
    control.configure(sandbox, stopped_clock=True)
    yield lambda seconds: control.configure(sandbox, advance=seconds)
    control.configure(sandbox, stopped_clock=False)


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


@pytest.fixture(scope="session")
def moved(tmp_path_factory: pytest.TempPathFactory, connect: Callable[..., Any]) -> Iterator[Site]:
    """A sandbox of its own in which the site's service is behind an ALB; the distribution as adopted."""
    root = tmp_path_factory.mktemp("moved")
    running = control.start(root, owner_pid=os.getpid())
    site = Site(running, cache(lambda service: connect(running, service)))
    site.build()
    site.attach()
    yield site
    control.stop(root)


@pytest.fixture
def site(moved: Site) -> Iterator[Site]:
    """The same for one test, which may put another config and turn switches."""
    yield moved
    moved.restore()
