"""At the sandbox's door: every AWS call is logged, and, with the switch `iam` on, refused unless IAM allows it.

moto's own enforcement (`reset-auth`) is not used: it ignores Resource and Condition, its AccessDenied is in another
service's protocol for all but EC2 and S3 (moto 5.2.5, iam/access_control.py, its own list of what is missing), and it
was seen to refuse every call to CloudFront.

Who is judged: a session of a role made through the sandbox's own IAM and STS, and a user's key. The sandbox's own user
may do everything. Trust policies aren't looked at, signatures aren't checked, and sessions don't expire.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.utilities.utils import get_partition

from bascule.sandbox import changes, faults, refusals
from bascule.sandbox.authorizations import Place, authorizations
from bascule.sandbox.calls import Call, recognize
from bascule.sandbox.evaluation import Authorization, Decision, decide
from bascule.sandbox.principals import Caller, caller, policies_of
from bascule.sandbox.switches import SWITCHES

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def at_the_door(application: Application, account: str, log: Path) -> Application:
    """`application` behind the door; a line for each call is appended to `log`, which is begun anew."""
    log.write_text("", encoding="utf-8")

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        call = recognize(environ)
        if call is None:
            return application(environ, start_response)
        fault = faults.struck(SWITCHES.faults, call.operation)
        if fault is not None and fault["code"] == faults.SILENCE:
            faults.hang_up(environ)
        place = Place(get_partition(call.region), call.region, account, lambda arn: _tags(account, call.region, arn))
        asked = authorizations(call.service, call.operation, call.parameters, place)
        who = caller(call, account)
        answered: list[str] = []

        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            answered.append(status)
            return start_response(status, headers, exc_info)

        refusal = _refusal(call, who, asked, account) if SWITCHES.iam else None
        answer = (
            _fault(call, fault) or refusal or (refusals.no_support_plan(call) if call.service == "health" else None)
        )
        if answer is None:
            body: Iterable[bytes] = list(application(environ, start))
            changes.note(call.operation)
        else:
            body = refusals.answer(answer, environ, start)
        with log.open("a", encoding="utf-8") as lines:
            line = _line(call, who, asked, int(answered[-1].split()[0]), refused=refusal is not None)
            lines.write(json.dumps(line) + "\n")
        return body

    return serve


def _line(call: Call, who: Caller, asked: Iterable[Authorization], status: int, *, refused: bool) -> Mapping[str, Any]:
    return {
        "service": call.service,
        "operation": call.operation,
        "caller": who.name,
        "by": "bascule" if "bascule" in call.user_agent else "terraform",
        "status": status,
        "refused": refused,
        "resources": sorted({one.resource for one in asked} - {"*"}),
    }


def _refusal(call: Call, who: Caller, asked: Iterable[Authorization], account: str) -> refusals.Refusal | None:
    if not who.arn:
        return refusals.unknown_key(call)
    policies = policies_of(who.arn, account)
    for one in asked:
        decision = decide(policies, one)
        if decision is not Decision.ALLOWED:
            return refusals.denied(call, who.arn, one, explicit=decision is Decision.EXPLICIT_DENY)
    return None


def _fault(call: Call, found: Mapping[str, Any] | None) -> refusals.Refusal | None:
    if found is None:
        return None
    status = int(found["status"])
    return refusals.fault(call, found["code"], faults.status_line(status), faults.message(status))


def _tags(account: str, region: str, arn: str) -> Mapping[str, str]:
    """The tags of a security group, or of what belongs to Elastic Load Balancing: what conditions here ask about."""
    service, resource = arn.split(":")[2] if arn.count(":") >= 5 else "", arn.rpartition("/")[2]
    if service == "ec2":
        return dict(ec2_backends[account][region].tags.get(resource, {}))
    if service == "elasticloadbalancing":
        found = elbv2_backends[account][region].tagging_service.get_tag_dict_for_resource(arn)
        return {str(key): str(value) for key, value in found.items()}
    return {}
