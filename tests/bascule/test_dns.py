"""Asking the DNS: no test asks a real one."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from threading import Event
from typing import Any

import pytest

from bascule import dns
from bascule.dns import Answer

HERE = Answer("d111.cloudfront.net", ("192.0.2.1",))


def test_every_name_has_its_answer() -> None:
    """Whatever order they come in."""
    answers = {"a.example": HERE, "b.example": Answer()}
    assert answers == dns.ask(["b.example", "a.example"], answers.__getitem__)


def test_no_name_is_no_question() -> None:
    """A site without aliases asks nobody."""
    assert {} == dns.ask([], dns.nobody)


def test_a_resolver_that_never_answers_is_not_waited_for() -> None:
    """Its names aren't known; the others are. The limit is for all of them together."""
    never = Event()

    def resolve(name: str) -> Answer:
        if name != "quick.example":
            never.wait(60)
        return HERE

    before = time.monotonic()
    found = dns.ask(["slow.example", "quick.example", "slower.example"], resolve, limit=0.2)
    took = time.monotonic() - before
    never.set()
    late = Answer(why="no answer within 0.2 s")
    assert {"slow.example": late, "quick.example": HERE, "slower.example": late} == found
    assert not found["slow.example"].known
    assert took < 5


def test_a_resolver_that_never_answers_does_not_hold_up_the_end() -> None:
    """A process whose question is still open ends as if it weren't."""
    program = (
        "import time; from bascule import dns; print(dns.ask(['a.example'], lambda name: time.sleep(60), limit=0.1))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert "no answer within 0.1 s" in done.stdout


SYSTEM: Mapping[str, tuple[Any, Answer]] = {
    "a canonical name": (
        ("D111.CloudFront.net.", ["www.example.com"], ["192.0.2.2", "192.0.2.1"]),
        Answer("d111.cloudfront.net", ("192.0.2.1", "192.0.2.2")),
    ),
    "no such name": (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Answer()),
    "no resolver": (
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure"),
        Answer(why="the resolver says: Temporary failure"),
    ),
    "no network": (OSError("no route"), Answer(why="the resolver says: no route")),
    "no name of the DNS": (UnicodeError("label too long"), Answer(why="the resolver says: label too long")),
}


@pytest.mark.parametrize(("said", "expected"), SYSTEM.values(), ids=SYSTEM)
def test_what_the_system_s_resolver_says(said: Any, expected: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """That there is no such name is an answer; that it can't say is none."""

    def resolve(name: str) -> Any:
        if isinstance(said, Exception):
            raise said
        return said

    monkeypatch.setattr(socket, "gethostbyname_ex", resolve)
    assert expected == dns.system("www.example.com")


def test_a_local_stand_in_is_in_no_dns() -> None:
    """So nobody is asked, and nothing is known."""
    assert not dns.nobody("www.example.com").known
