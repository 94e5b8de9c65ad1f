"""What comes next in a rotation, for every state of parameter, distribution and listener rule."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule import rotation
from bascule.errors import BasculeError
from bascule.ladder import ALB_ORIGIN_ID
from bascule.meaning import HIDDEN, Difference
from bascule.rotation import AT_REST, Apply, Move, Part, Phase, Put, Seen, Wait, begin, next_move, require_only
from bascule.summary import Row

A, B, C, NEW = ("0a" * 32, "0b" * 32, "0c" * 32, "0d" * 32)
SOME = (A, B, C)
BOTH, SWITCH = Phase.BOTH.description, Phase.SWITCH.description
HEADER = "X-Origin-Verify"


@dataclass(frozen=True)
class World:
    """A site between `build` and `retire`, as far as the secret goes."""

    value: str
    description: str
    sent: str | None
    """By the distribution's config."""
    still_sent: str | None
    """By edges that haven't it yet; the same as `sent` once it is deployed."""
    accepted: frozenset[str]

    @property
    def seen(self) -> Seen:
        return Seen(self.value, self.description, self.sent, self.still_sent == self.sent, self.accepted)

    @property
    def refused(self) -> set[str]:
        """What is sent and not accepted."""
        return {sent for sent in (self.sent, self.still_sent) if sent is not None} - self.accepted


def after(world: World, move: Move) -> World:
    """The world once a move is made."""
    match move:
        case Wait():
            return replace(world, still_sent=world.sent)
        case Put():
            return replace(world, value=move.value, description=move.phase.description)
        case Apply():
            return applied(world)


def applied(world: World) -> World:
    """The world once anybody has applied the configuration: all values are accepted, the first is sent."""
    values = world.value.split(",")
    sent = None if world.sent is None else values[0]
    return replace(world, accepted=frozenset(values), sent=sent)


def touched(world: World) -> set[Part]:
    """What an apply would change."""
    then = applied(world)
    rule = {Part.RULE} if then.accepted != world.accepted else set()
    return rule | ({Part.DISTRIBUTION} if then.sent != world.sent else set())


def at_rest(world: World) -> bool:
    return world.accepted == {world.value} and world.sent in (None, world.value) and world.description == AT_REST


one, sent_ = st.sampled_from(SOME), st.sampled_from((None, *SOME))
pairs = st.permutations(SOME).map(lambda values: ",".join(values[:2]))
held = st.one_of(
    st.tuples(one, st.just(AT_REST)),
    st.tuples(one, st.sampled_from([AT_REST, BOTH, SWITCH, "somebody's"])),
    st.tuples(pairs, st.sampled_from([BOTH, SWITCH])),
)
worlds = st.builds(
    lambda found, *rest: World(*found, *rest), held, sent_, sent_, st.frozensets(st.sampled_from(SOME), max_size=3)
)


def possible(world: World) -> bool:
    """Whether a rotation leads on from there: what is sent is in the parameter, or alone elsewhere."""
    values = world.value.split(",")
    return len(values) == 1 or world.sent in (None, *values)


@given(worlds.filter(possible))
def test_from_wherever_it_is_it_comes_to_rest_and_nothing_that_was_answered_is_refused(world: World) -> None:
    """Each move is made from what is seen alone, so a run that is killed after any of them is taken up by the next."""
    for _ in range(12):
        move = next_move(world.seen)
        if move is None:
            break
        if isinstance(move, Apply):
            assert {move.part} == touched(world)
        then = after(world, move)
        assert then.refused <= world.refused
        world = then
    else:
        raise AssertionError("no end of it")
    assert world.accepted == {world.value}
    assert world.sent in (None, world.value)


@given(worlds.filter(possible))
def test_an_apply_by_anybody_at_any_moment_of_a_rotation_refuses_nothing(world: World) -> None:
    """Such as `bascule apply` by a colleague, or another run that was slower; one update, so no order matters."""
    while (move := next_move(world.seen)) is not None:
        world = after(world, move)
        if isinstance(move, Put):
            assert applied(world).refused <= world.refused
            assert world.refused or len(touched(world)) <= 1


@given(sent_.map(lambda sent: World(sent or A, AT_REST, sent, sent, frozenset({sent or A}))), st.integers(0, 12))
def test_a_rotation_ends_with_the_new_value_wherever_it_is_interrupted(world: World, stop: int) -> None:
    """Between any two moves; a run that is taken up begins no other rotation."""
    assert at_rest(world)
    moves: list[Move] = [begin(world.seen, NEW)]
    while moves:
        world = after(world, moves.pop())
        assert set() == world.refused
        assert {A, B, C, NEW} >= set(world.value.split(","))
        if (move := next_move(world.seen)) is not None:
            moves.append(move)
        if stop == 0:
            world = applied(world)  # somebody applies what is there, and takes it up
            assert set() == world.refused
            moves = [move] if (move := next_move(world.seen)) is not None else []
        stop -= 1
    assert at_rest(world)
    assert (NEW, frozenset({NEW})) == (world.value, world.accepted)
    assert world.sent in (None, NEW)


def test_a_rotation_goes_like_this() -> None:
    """From one value to another, with CloudFront deployed at each step but after the switch."""
    world = World(A, AT_REST, A, A, frozenset({A}))
    assert next_move(world.seen) is None
    made: list[Move] = [begin(world.seen, NEW)]
    world = after(world, made[0])
    while (move := next_move(world.seen)) is not None:
        made.append(move)
        world = after(world, move)
    assert [
        Put(Phase.BOTH, f"{A},{NEW}"),
        Apply(Phase.BOTH, Part.RULE),
        Put(Phase.SWITCH, f"{NEW},{A}"),
        Apply(Phase.SWITCH, Part.DISTRIBUTION),
        Wait(),
        Put(Phase.ALONE, NEW),
        Apply(Phase.ALONE, Part.RULE),
    ] == made


def test_where_cloudfront_does_not_know_the_load_balancer_the_rule_alone_changes() -> None:
    """At `build` and `attach`."""
    world = World(f"{A},{NEW}", BOTH, None, None, frozenset({A}))
    made = []
    while (move := next_move(world.seen)) is not None:
        made.append(move)
        world = after(world, move)
    assert [Apply(Phase.BOTH, Part.RULE), Put(Phase.ALONE, NEW), Apply(Phase.ALONE, Part.RULE)] == made


def test_a_value_put_in_the_place_of_the_one_that_is_sent_is_rotated_to() -> None:
    """Applied as it is, it would make the ALB refuse CloudFront."""
    assert Put(Phase.BOTH, f"{A},{B}") == next_move(Seen(B, "mine", A, True, frozenset({A})))


def test_the_same_two_values_are_told_apart_by_the_description_alone() -> None:
    """With the first of them sent and both accepted, one is before the switch and one behind it."""
    there = Seen(f"{A},{B}", BOTH, A, True, frozenset({A, B}))
    assert Put(Phase.SWITCH, f"{B},{A}") == next_move(there)
    assert Put(Phase.ALONE, A) == next_move(replace(there, description=SWITCH))


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (Seen(f"{A},{B}", AT_REST, A, True, frozenset({A, B})), "not by `bascule secret rotate`"),
        (Seen(f"{A},{B}", "", A, True, frozenset({A, B})), "not by `bascule secret rotate`"),
        (Seen(f"{A},{B}", BOTH, C, True, frozenset({A, B})), "a value that isn't in the parameter"),
        (Seen(f"{A},{B},{C}", BOTH, A, True, frozenset({A})), "doesn't hold one or two values"),
        (Seen(f"{A},{A}", BOTH, A, True, frozenset({A})), "doesn't hold one or two values"),
        (Seen("hush", AT_REST, "hush", True, frozenset({"hush"})), "doesn't hold one or two values"),
        (Seen("", AT_REST, None, True, frozenset()), "doesn't hold one or two values"),
        (Seen(A, AT_REST, "", True, frozenset({A})), "no value as `bascule secret create` makes them"),
        (Seen(A, AT_REST, "a*", True, frozenset({A})), "no value as `bascule secret create` makes them"),
    ],
)
def test_what_no_rotation_leads_to_is_refused_with_a_remedy(seen: Seen, why: str) -> None:
    """And no value is in what is said."""
    with pytest.raises(BasculeError, match=why) as caught:
        next_move(seen)
    assert caught.value.remedy
    assert [] == [value for value in (A, B, C, "hush") if value in str(caught.value)]


@given(worlds)
def test_no_value_is_in_a_repr(world: World) -> None:
    """What a traceback or a log shows."""
    shown = repr(world.seen) + repr(begin(world.seen, NEW))
    assert [] == [value for value in (*SOME, NEW) if value in shown]


@given(worlds)
def test_every_state_has_a_next_move_or_a_refusal(world: World) -> None:
    """The latter where what is sent is in neither."""
    if possible(world):
        next_move(world.seen)
        return
    with pytest.raises(BasculeError):
        next_move(world.seen)


VALUES = Difference(f"condition[0].http_header[{HEADER}].values", HIDDEN, HIDDEN)
VALUE = Difference(f"origin[{ALB_ORIGIN_ID}].custom_header[{HEADER}].value", HIDDEN, HIDDEN)
RULE = Row(Part.RULE.value, "update", False, (VALUES,))
DISTRIBUTION = Row(Part.DISTRIBUTION.value, "update", False, (VALUE,))


@pytest.mark.parametrize(("row", "part"), [(RULE, Part.RULE), (DISTRIBUTION, Part.DISTRIBUTION)])
def test_a_plan_of_the_secret_alone_is_let_through(row: Row, part: Part) -> None:
    """Of the part whose turn it is."""
    require_only([row], part, HEADER)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([RULE, DISTRIBUTION], Part.DISTRIBUTION.value),
        ([DISTRIBUTION], Part.DISTRIBUTION.value),
        ([RULE, Row("aws_lb.alb", "update", False, ())], "aws_lb.alb"),
        ([replace(RULE, differences=(VALUES, Difference("priority", 1, 2)))], "priority: 1 → 2"),
        ([replace(RULE, action="replace")], "replace"),
        ([replace(RULE, imported=True)], Part.RULE.value),
        ([], "doesn't change"),
    ],
)
def test_a_plan_of_anything_else_is_refused(rows: list[Row], why: str) -> None:
    """It says what, and that it may be applied by itself."""
    with pytest.raises(BasculeError) as caught:
        require_only(rows, Part.RULE, HEADER)
    assert why in caught.value.what
    assert "bascule secret rotate" in caught.value.remedy


def test_descriptions_are_as_aws_takes_them() -> None:
    """1,024 characters at the most (SSM API, PutParameter), and read back as what they say."""
    assert all(len(phase.description) <= 1024 for phase in Phase)
    assert ["1", "2"] == [found[1] for phase in Phase if (found := rotation.MARK.match(phase.description))]
