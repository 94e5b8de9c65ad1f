"""What is seen of the account past CloudFront: the ALB's name and a task's public address."""

from __future__ import annotations

import socket

import pytest
from moved import PORT, Site

from bascule.errors import BasculeError
from bascule.sandbox import control
from bascule.verify.messages import Address, Answer, Kind, NoAnswer, Request, Response


@pytest.fixture
def serving(site: Site) -> Site:
    """The site at `serve`."""
    site.put(site.serving())
    return site


def knock(site: Site, host: str, port: int) -> Answer:
    """What is answered to whoever asks a public address."""
    address = control.outside(site.running.endpoint, host, port)
    assert address is not None
    return site.fetch(Request(host, scheme="http", at=Address(*address)))


def task(site: Site) -> str:
    """The task's public address."""
    interfaces = site.client("ec2").describe_network_interfaces()["NetworkInterfaces"]
    return next(str(one["Association"]["PublicIp"]) for one in interfaces if one.get("Association"))


def test_nobody_reaches_what_admits_cloudfront_or_the_alb_alone(serving: Site) -> None:
    """Connections are refused on every port."""
    for host, port in ((serving.built["dns"], 80), (serving.built["dns"], 443), (task(serving), PORT)):
        answer = knock(serving, host, port)
        assert isinstance(answer, NoAnswer)
        assert (Kind.REFUSED, False) == (answer.kind, answer.connected)


def test_an_open_alb_answers_by_its_rules_until_it_is_shut(serving: Site) -> None:
    """Its fixed response to whoever hasn't the secret; the port is gone with the rule."""
    group, name = serving.built["alb_group"], serving.built["dns"]
    serving.open(group, 80)
    try:
        answer, other = knock(serving, name, 80), knock(serving, name, 443)
        address = control.outside(serving.running.endpoint, name, 80)
        assert address is not None
        secret = Request(name, scheme="http", at=Address(*address), headers=(("x-origin-verify", serving.secret),))
        passed = serving.fetch(secret)
    finally:
        serving.shut(group, 80)
    assert isinstance(answer, Response)
    assert (403, "awselb/2.0") == (answer.status, answer.header("server"))
    assert isinstance(passed, Response)
    assert "self.__next_f" in passed.text
    assert isinstance(other, NoAnswer)
    assert isinstance(knock(serving, name, 80), NoAnswer)


def test_an_alb_that_no_distribution_leads_to_is_known_too(site: Site) -> None:
    """From `build` on it is there; only whether it takes connections is told."""
    group, name = site.built["alb_group"], site.built["dns"]
    assert isinstance(knock(site, name, 80), NoAnswer)
    site.open(group, 80)
    try:
        answer = knock(site, name, 80)
    finally:
        site.shut(group, 80)
    assert isinstance(answer, Response)
    assert "awselb/2.0" == answer.header("server")


def test_an_open_task_is_the_application_itself(site: Site) -> None:
    """As the audit found it: reached at its public address, past everything."""
    site.open(site.built["task_group"], PORT)
    try:
        answer, other = knock(site, task(site), PORT), knock(site, task(site), 80)
    finally:
        site.shut(site.built["task_group"], PORT)
    assert isinstance(answer, Response)
    assert "self.__next_f" in answer.text
    assert isinstance(other, NoAnswer)


def test_an_address_of_nobody_is_told_apart(site: Site) -> None:
    """It is not said to be closed."""
    assert control.outside(site.running.endpoint, "192.0.2.1", 80) is None
    assert control.outside("http://127.0.0.1:1", "192.0.2.1", 80) is None
    assert control.outside("https://elb.me-central-1.amazonaws.com", "192.0.2.1", 80) is None


def test_the_edge_is_told_of_by_the_endpoint_alone(site: Site) -> None:
    """So that a command needs to know nothing but AWS's variables."""
    assert site.running.edge == control.edge(site.running.endpoint)
    assert control.edge("http://127.0.0.1:1") is None
    assert control.edge("") is None


def test_a_sandbox_that_says_nothing_is_not_taken_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be busy: whoever went on without it would ask the real site."""
    monkeypatch.setattr(control, "STARTING", 0.05)
    with socket.create_server((control.HOST, 0)) as silent, pytest.raises(BasculeError) as caught:
        control.edge(f"http://{control.HOST}:{silent.getsockname()[1]}")
    assert "no answer" in caught.value.what
