"""The distribution, the buckets that are its origins, and the account's own policies that its behaviors name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bascule import distribution as api
from bascule.inventory import Unread
from bascule.live_values.facts import Answers, Named, behaviors, domains, not_read
from bascule.live_values.policies import cache_policy, origin_request_policy
from bascule.worlds import DELETED


def site(id_: str, answer: Any) -> Mapping[str, Any] | None:
    """The distribution; None where there is none. Of one that couldn't be read nothing is known but its id."""
    if answer is None:
        return None
    if isinstance(answer, Unread):
        unread = not_read(answer)
        return {"id": id_, "aliases": unread, "enabled": unread}
    found = answer["Distribution"]
    return {
        **api.from_api(found["DistributionConfig"]).values,
        "id": found["Id"],
        "arn": found["ARN"],
        "domain_name": found["DomainName"],
        "status": found["Status"],
        "etag": answer.get("ETag", ""),
    }


_BUCKET = re.compile(r"(.+)\.s3[.-](?!accesspoint|object-lambda)(?:.+\.)?amazonaws\.com(?:\.cn)?")
"""A bucket's REST or website endpoint (`bascule.ladder.origin_is_bucket`, and its sources); an access point has a name
of its own."""


def buckets_of(answers: Answers) -> list[str]:
    """The buckets that are origins."""
    return list(dict.fromkeys(match[1] for domain in domains(answers) if (match := _BUCKET.fullmatch(domain))))


def buckets(answers: Answers) -> Named:
    """The buckets that are origins, those that are no more marked as deleted."""
    for number, bucket in enumerate(buckets_of(answers)):
        answer = answers[f"bucket/{bucket}"]
        values: dict[str, Any] = {"bucket": bucket, "id": bucket}
        if answer is None or isinstance(answer, Unread):
            values |= {DELETED: not_read(answer) if answer is not None else True}
        yield (bucket if number else "site"), values


def cache_policies(answers: Answers) -> Named:
    """The account's own cache policies that behaviors name."""
    yield from _policies(answers, "cache_policies", "CachePolicyId", cache_policy)


def origin_request_policies(answers: Answers) -> Named:
    """The account's own origin request policies that behaviors name."""
    yield from _policies(answers, "origin_request_policies", "OriginRequestPolicyId", origin_request_policy)


def _policies(answers: Answers, name: str, key: str, convert: Callable[[Any], dict[str, Any]]) -> Named:
    answer = answers.get(name, ())
    named = {str(one[key]) for one in behaviors(answers) if one.get(key)}
    if isinstance(answer, Unread):
        unread = not_read(answer)
        yield from ((id_, {"id": id_, "min_ttl": unread, "headers_config": unread}) for id_ in sorted(named))
        return
    for item in answer:
        values = convert(item)
        if values["id"] in named:
            yield values["name"], values
