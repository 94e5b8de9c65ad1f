"""Reviews of small plans: what golden files show in every format, and what no format may stumble over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from small_plans import (
    ALB_ORIGIN,
    BUCKET_ORIGIN,
    BUILD,
    CONNECTED,
    FORGET,
    HEALTH,
    RULE,
    SECRET,
    SERVE,
    SERVED,
    SITE,
    STAYS,
    as_saved_nowhere,
    change,
    distribution,
    plan,
    review,
    review_of,
    update,
    waiver,
)
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from bascule.ladder import Stage
from bascule.review import Review

ADOPTED = distribution(origins=[BUCKET_ORIGIN])
IMPORTED = change(SITE, ["update"], before=ADOPTED, after={**ADOPTED, "tags": {"a": "b"}}, importing={"id": "E1"})
LATER = {**RULE, "condition": [{"http_header": [{"http_header_name": "X-Origin-Verify"}]}]}

WAIVED = {"methods": (2027, 12, 31), "tag-lost": (2027, 12, 31), "rsc-cached": (2026, 1, 31)}
"""Waivers of which one is used, one isn't needed, and one is expired: by rule, their last days."""

GOLDEN: dict[str, Callable[[], Review]] = {
    "safe": lambda: as_saved_nowhere(review(BUILD, Stage.ADOPT, Stage.BUILD)),
    "blocked": lambda: review(
        SERVE, Stage.CONNECT, Stage.SERVE, *(waiver(rule, date(*day)) for rule, day in WAIVED.items())
    ),
    "one of every action": lambda: review_of(
        IMPORTED,
        change("aws_lb_target_group.app", ["create"], before=None, after={"name": "x"}, after_unknown={"arn": True}),
        change("aws_lb.alb", ["create", "delete"], before={"name": "a"}, after={"name": "b"}),
        change("aws_lb_listener.alb", ["delete"], before={"port": 80}, after=None),
        change("aws_s3_bucket.site", ["forget"], before={"bucket": "old-site"}, after=None),
        change("aws_ecs_service.site", ["no-op"], before={}, after={}, importing={"id": "web/next"}),
    ),
    "a way that changes": lambda: review(
        plan(update(SITE, ADOPTED, CONNECTED, before_sensitive={}, after_sensitive={"origin": True}), *STAYS),
        Stage.ATTACH,
        Stage.CONNECT,
        wanted=Stage.SERVE,
    ),
    "what is known later": lambda: review(
        plan(
            update(SITE, CONNECTED, SERVED),
            *(one for one in STAYS if one["type"] != "aws_lb_listener_rule"),
            update(
                "aws_lb_listener_rule.cloudfront",
                RULE,
                LATER,
                after_unknown={"condition": [{"http_header": [{"values": True}]}]},
                after_sensitive={"condition": True},
            ),
        )
    ),
    "letting go": lambda: review(FORGET, Stage.ADOPT, Stage.NONE),
    "nothing": lambda: review(plan(*STAYS)),
}
"""Reviews that are shown in golden files, by what is in them."""

ESC, CSI, BELL, RIGHT_TO_LEFT = "\x1b", "\x9b", "\x07", "\u202e"
HOSTILE = (
    f"<script>alert(1)</script> </code></details> | `a` ``b`` ${{x}} {{{{ 1 }}}} {ESC}[2J{CSI}31m{BELL}{RIGHT_TO_LEFT} "
    '"q" \\| \n\n## SAFE\r\r\n\u2028<!-- bascule review other --> [link](https://example.com) '
    "![i](//example.com/i) @someone [red]"
)
"""What a tag, a comment or a name may hold to be taken for something else."""


def hostile() -> Review:
    """A review of a plan that holds HOSTILE wherever text can stand."""
    origin = {**ALB_ORIGIN, "origin_id": HOSTILE, "custom_header": [{"name": HOSTILE, "value": SECRET}]}
    behavior = {**HEALTH, "path_pattern": HOSTILE, "target_origin_id": HOSTILE}
    site = distribution("S3-old-site", origins=[BUCKET_ORIGIN])
    hostile_site = distribution(
        HOSTILE, behavior, origins=[BUCKET_ORIGIN, origin], comment=HOSTILE, tags={HOSTILE: HOSTILE}, aliases=[HOSTILE]
    )
    return review(
        plan(
            update(SITE, site, hostile_site),
            *STAYS,
            change(f'aws_x.y["{HOSTILE}"]', ["delete"], before={"name": HOSTILE}, after=None),
            change("aws_x.z", ["create"], before=None, after={"name": HOSTILE, HOSTILE: [HOSTILE]}),
            update("aws_x.tags", {"tags": {HOSTILE: "a"}}, {"tags": {"b": HOSTILE}}),
        ),
        Stage.CONNECT,
        Stage.SERVE,
        waiver("methods", reason="<b>because</b> | `of` *this*"),
    )


def many(number: int, length: int = 40) -> Review:
    """A review of a plan that changes so many resources, with values of that length."""
    return review_of(
        *(
            update(f"aws_x.number_{index}", {"name": "a", "note": None}, {"name": "b", "note": f"{index:x}" * length})
            for index in range(number)
        )
    )


def golden(extension: str) -> type[SingleFileSnapshotExtension]:
    """Golden files that read as what they are; `pytest --snapshot-update` regenerates them."""

    class Golden(SingleFileSnapshotExtension):
        _write_mode = WriteMode.TEXT
        file_extension = extension

    return Golden
