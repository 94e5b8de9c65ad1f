"""What was reviewed is what is applied: console edits, second plans and secrets, with real Terraform and the provider.

That UpdateDistribution would overwrite the edit is the provider's doing; CloudFront itself is the emulator's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import recording

from bascule import climb, demo, plans
from bascule.adopt import adopt
from bascule.errors import BasculeError
from bascule.formats import Format
from bascule.ladder import Stage
from bascule.plans import Planned
from bascule.renderers import renderer
from bascule.session import Session, configure, prepare


@dataclass
class Story:
    """What came of each chapter."""

    edited: str
    """The error of applying after somebody has edited the distribution in the console."""
    kept: Mapping[str, Any]
    """The live distribution after that."""
    twice: str
    """The error of applying what was shown after somebody else has planned anew."""
    fingerprints: tuple[str, str]
    shown: Mapping[Format, str]
    """The review of all that leads from `adopt` to `serve`, in every format."""
    secret: str
    load_balancers: int


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Adopted, and asked for `build`; nothing of it is ever applied."""
    with demo.sandboxed(tmp_path_factory.mktemp("reviewed") / "site", lambda line: None) as workspace:
        demo.set_stage(workspace, Stage.ADOPT)
        adopt(recording.open_session(workspace))
        climb.climb(recording.open_session(workspace), lambda planned: True)
        demo.set_stage(workspace, Stage.BUILD)
        session = recording.open_session(workspace)

        make(session)
        edit(session, "edited in the console")
        edited = refusal(session, lambda planned: True)
        kept = recording.live(session)["distribution"]
        edit(session, "Arquantix coming soon")

        made: list[Planned] = []
        plans.discard(session.directory)
        twice = refusal(session, lambda planned: made.append(planned) is None and made.append(make(session)) is None)
        first, second = made

        preview = plans.preview(session, Stage.SERVE)
        review = preview.review(session.name, session.site, session.identity.account)
        return Story(
            edited,
            kept,
            twice,
            (first.fingerprint, second.fingerprint),
            {format: renderer(format)(review) for format in Format},
            recording.secret_value(session),
            len(recording.live(session)["load_balancers"]),
        )


def make(session: Session) -> Planned:
    """What `bascule plan` does."""
    step = plans.next_step(session, prepare(session))
    configure(session, step)
    return plans.make(session, step)


def refusal(session: Session, ask: climb.Ask) -> str:
    """Apply what the site file asks for, and return the error that it has to end in."""
    with pytest.raises(BasculeError) as caught:
        climb.climb(session, ask)
    return str(caught.value)


def edit(session: Session, comment: str) -> None:
    """Change the live distribution as its console would."""
    cloudfront, id_ = session.clients("cloudfront"), session.site.distribution.id
    found = cloudfront.get_distribution_config(Id=id_)
    config = {**found["DistributionConfig"], "Comment": comment}
    cloudfront.update_distribution(Id=id_, IfMatch=found["ETag"], DistributionConfig=config)


def test_a_console_edit_between_plan_and_apply_is_caught_and_survives(story: Story) -> None:
    """With what was, what is, and what the plan would have made of it."""
    assert "the distribution was changed after this plan was made" in story.edited
    assert (
        'comment: was "Arquantix coming soon", is now "edited in the console", '
        'the plan makes it "Arquantix coming soon"'
    ) in story.edited
    assert "edited in the console" == story.kept["Comment"]


def test_a_second_plan_invalidates_the_review_of_the_first(story: Story) -> None:
    """Even one of the same step and configuration."""
    first, second = story.fingerprints
    assert first != second
    assert "the saved plan is not the one that was shown" in story.twice
    assert 0 == story.load_balancers


def test_everything_at_once_is_blocked(story: Story) -> None:
    """A plan that attaches the service and sends visitors to it is never applied."""
    assert "BLOCKS   attach-and-serve" in story.shown[Format.TEXT]
    assert (
        "BLOCKED  Changes for visitors? Visitors get the application, instead of the bucket."
        in story.shown[Format.TEXT]
    )


@pytest.mark.parametrize("format", Format)
def test_the_secret_is_in_no_format_of_a_review(story: Story, format: Format) -> None:
    """Header and rule that hold it are part of the plan."""
    assert "X-Origin-Verify" in story.shown[format] or format in (Format.TEXT, Format.MARKDOWN)
    assert story.secret not in story.shown[format]
