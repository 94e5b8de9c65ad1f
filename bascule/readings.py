"""What the gates look at in the account: each call is made once a round, whichever of them ask for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from bascule import aws, gates
from bascule.gates import Answer, Verdict
from bascule.inventory import Unread
from bascule.reading import Call, perform
from bascule.site import Site


class NotReadError(Exception):
    """What was to be looked at couldn't be read, or isn't there; `verdict` is what a gate of that name says then."""

    def __init__(self, verdict: Callable[[str], Verdict]) -> None:
        super().__init__()
        self.verdict = verdict


class Readings:
    """AWS's answers of one round after the other; gates that ask at the same time share a call.

    Every method raises NotReadError where there is no answer, and BasculeError where no call can succeed: no
    credentials, or expired ones.
    """

    def __init__(self, clients: aws.Clients, site: Site) -> None:
        self.site = site
        self._clients = clients
        self._lock = threading.Lock()
        self._round = -1
        self._answers: dict[str, Future[Any]] = {}

    def load_balancer(self, arn: str, round_: int) -> Answer:
        """DescribeLoadBalancers' only one."""
        call = Call("elbv2", "DescribeLoadBalancers", {"LoadBalancerArns": [arn]}, absent=("LoadBalancerNotFound",))
        found: Answer = self._ask(call, round_, f"no load balancer {arn}")["LoadBalancers"][0]
        return found

    def targets(self, group: str, round_: int) -> list[Answer]:
        """DescribeTargetHealth's descriptions of a target group, by its ARN."""
        call = Call("elbv2", "DescribeTargetHealth", {"TargetGroupArn": group}, absent=("TargetGroupNotFound",))
        found: list[Answer] = self._ask(call, round_, f"no target group {group}")["TargetHealthDescriptions"]
        return found

    def service(self, round_: int) -> Answer:
        """DescribeServices' only one."""
        cluster, name = self.site.service.cluster, self.site.service.name
        gone = f"no service {name} in the cluster {cluster}"
        remedy = "correct service.cluster or service.name; Terraform's state knows it, so it was there"
        asked = {"cluster": cluster, "services": [name]}
        call = Call("ecs", "DescribeServices", asked, absent=("ClusterNotFoundException",))
        services = self._ask(call, round_, gone, remedy)["services"]
        if not services:
            raise NotReadError(lambda gate: gates.missing(gate, gone, remedy))
        found: Answer = services[0]
        return found

    def distribution(self, round_: int) -> Answer:
        """GetDistribution's."""
        id_ = self.site.distribution.id
        call = Call("cloudfront", "GetDistribution", {"Id": id_}, absent=("NoSuchDistribution",))
        found: Answer = self._ask(call, round_, f"no distribution {id_}")["Distribution"]
        return found

    def config(self, round_: int) -> Answer:
        """The distribution's config."""
        found: Answer = self.distribution(round_)["DistributionConfig"]
        return found

    def _ask(self, call: Call, round_: int, gone: str, remedy: str = "") -> Answer:
        found = self._shared(call, round_)
        if isinstance(found, Unread):
            raise NotReadError(lambda gate: gates.unread(gate, found))
        if found is None:
            raise NotReadError(lambda gate: gates.missing(gate, gone, remedy))
        answer: Answer = found
        return answer

    def _shared(self, call: Call, round_: int) -> Any:
        asked = repr(call)  # its parameters can't be a key
        with self._lock:
            if round_ != self._round:
                self._round, self._answers = round_, {}
            is_first = asked not in self._answers
            answer = self._answers.setdefault(asked, Future())
        if is_first:
            try:
                with aws.readable():
                    answer.set_result(perform(self._clients, call))
            except BaseException as error:
                answer.set_exception(error)
        return answer.result()
