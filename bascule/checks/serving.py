"""What made a bucket behave as a site, and what `serve` does about it in front of an application."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bascule import distribution
from bascule.checks.base import Case, Check, items, listed
from bascule.error_responses import masks
from bascule.ladder import Stage
from bascule.outcomes import Result, fail, passed, warn, worst

BEFORE_ORIGIN = ("viewer-request", "origin-request")
"""Events at which a function sees, and may rewrite, what the application is asked."""

INDEX = re.compile(r"index\.html?\b")


def _default(case: Case) -> Mapping[str, Any]:
    found: Mapping[str, Any] = case.config["DefaultCacheBehavior"]
    return found


def _errors(case: Case) -> Result:
    responses = distribution.from_api(case.config).values.get("custom_error_response", [])
    masking = [_response(response) for response in responses if masks(response)]
    kept = [_response(response) for response in responses if not masks(response) and response.get("response_page_path")]
    if kept:
        return warn(
            f"{listed(kept)} stays at `serve`, and its page would be asked of the application",
            "make the application answer that path, or take the response off the distribution and run `bascule adopt`",
        )
    if masking:
        return passed(f"{listed(masking)}: `serve` takes it off, and going back puts it on again")
    return passed("no error response stands in for what the application answers")


def _response(response: Mapping[str, Any]) -> str:
    code = response.get("response_code")
    return f"{response['error_code']} → {response.get('response_page_path', '')}" + (f" as {code}" if code else "")


def _index_functions(case: Case) -> Result:
    results = []
    for association in items(_default(case), "FunctionAssociations"):
        name, event = str(association["FunctionARN"]).rpartition("/")[2], association.get("EventType")
        if event not in BEFORE_ORIGIN:
            results.append(passed(f"{name} runs at {event}, after the application has answered"))
            continue
        code = case.among("functions", name)
        off = "take it off the default behavior and run `bascule adopt`, or let it pass requests on"
        if code is None:
            results.append(warn(f"{name} runs at {event}, and its code isn't there", f"read it; {off}"))
        elif rewritten := INDEX.search(str(code)):
            seen = f"{name} runs at {event}, and its code says {rewritten[0]}: `serve` leaves it there"
            results.append(fail(seen, off))
        else:
            results.append(warn(f"{name} runs at {event}: `serve` leaves it there", f"read what it does; {off}"))
    return worst(results or [passed("no CloudFront function on the default behavior")])


def _edge_functions(case: Case) -> Result:
    behaviors = [
        ("default", _default(case)),
        *((str(b["PathPattern"]), b) for b in items(case.config, "CacheBehaviors")),
    ]
    found = [
        f"{path}: {association['EventType']} {association['LambdaFunctionARN']}"
        for path, behavior in behaviors
        for association in items(behavior, "LambdaFunctionAssociations")
    ]
    if found:
        return warn(
            f"{'; '.join(found)}: `serve` leaves it there, and its code isn't read",
            "read what it does to requests and answers of an application; take it off if it was made for the bucket",
        )
    return passed("no Lambda@Edge function")


def _methods(case: Case) -> Result:
    methods = items(_default(case), "AllowedMethods")
    seen = f"the default behavior takes {listed(sorted(methods))}"
    return passed(seen if "POST" in methods else f"{seen}: `serve` makes that all seven, and going back undoes it")


def _root_object(case: Case) -> Result:
    root = case.config.get("DefaultRootObject")
    if root:
        return passed(f"/ is asked for as /{root}: `serve` takes that off, and going back puts it on again")
    return passed("no default root object")


CHECKS = (
    Check(
        "error-pages",
        "no error page of the old site stays before the application",
        Stage.SERVE,
        False,
        "Pages in the place of 403 and 404 made a bucket behave; `serve` takes those off. Others stay, such as a page "
        "for 503, and where the page is in the bucket the application is asked for it.",
        _errors,
    ),
    Check(
        "index-functions",
        "no CloudFront function turns paths into index.html",
        Stage.SERVE,
        False,
        "A bucket has no directory indexes, so functions append index.html. `serve` keeps the default behavior's "
        "functions, since they may do more; the application has no such path and answers 404. The probe path doesn't "
        "show it, because functions belong to a behavior.",
        _index_functions,
    ),
    Check(
        "lambda-edge",
        "no Lambda@Edge function was made for the old site",
        Stage.SERVE,
        False,
        "They stay where they are, run on every request, and may rewrite what the application is asked or answers.",
        _edge_functions,
    ),
    Check(
        "allowed-methods",
        "visitors may use the methods that the application needs",
        Stage.SERVE,
        False,
        "A bucket is read; Server Actions and route handlers need POST. `serve` sets all seven by itself.",
        _methods,
    ),
    Check(
        "default-root-object",
        "the home page is the application's",
        Stage.SERVE,
        False,
        "CloudFront asks for the root object in the place of /, which an application doesn't have. `serve` takes it "
        "off by itself.",
        _root_object,
    ),
)
