"""Subjects whom no label tells apart take turns: one life of several, in which each does what it would do alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain

from tocsin.proving.subjects import Subject, Turn
from tocsin.proving.timing import Timing
from tocsin.proving.workloads import Workload

Fires = Callable[[Subject, int], Sequence[bool]]


def in_turn(subjects: Sequence[Subject], timing: Timing, start: int, onset: int, fires: Fires) -> Subject | None:
    """One who lives the lives of several; None where one of them does not fire who should.

    `start` is the first scrape, `onset` the evaluation at which who fires does so alone; `fires` tells of each
    evaluation up to a last one whether a subject does. Who is beyond the threshold for a moment comes first: it is
    measured from the first scrape on. Those who fire come next, in their order.
    """
    ordered = sorted(subjects, key=lambda subject: (subject.name != "brief", not subject.fires))
    one = Subject(
        " then ".join(subject.name for subject in ordered),
        {},
        (),
        any(subject.fires for subject in ordered),
        beside=next((subject.beside for subject in ordered if subject.beside), None),
        splits=next((subject.splits for subject in ordered if subject.splits), {}),
        turns=(),
    )
    for subject in ordered:
        if not subject.fires:
            one = _then_quiet(one, subject, timing, start)
            continue
        found = _then_firing(one, subject, timing, start, onset, fires)
        if found is None:
            return None
        one = found
    return one


def _then_quiet(one: Subject, subject: Subject, timing: Timing, start: int) -> Subject:
    """The same, and then for as long as it would take to fire who does not."""
    long = (timing.settling + timing.evaluations(timing.hold) + 2) * timing.scrapes
    missed = ((start + _length(one.phases) + long // 2) // timing.scrapes,) if subject.missed else ()
    (first, length), *healthy = subject.phases
    phases = [(first, length if healthy else long), *((level, 2 * timing.scrapes) for level, _ in healthy)]
    return replace(one, phases=(*one.phases, *phases), missed=(*one.missed, *missed))


def _then_firing(
    one: Subject, subject: Subject, timing: Timing, start: int, onset: int, fires: Fires
) -> Subject | None:
    """The same, and then who fires, until nothing of that is seen any more."""
    (level, _), (then, _) = subject.phases
    # A backfill cannot say that a series ends: whoever is not there is not there from the start on.
    if one.phases and None in level.values():
        return None
    phases = _up_to_an_evaluation(one.phases, timing)
    begun = _length(phases)
    longest = timing.settling + timing.evaluations(timing.hold) + subject.firing + 2
    last = begun // timing.scrapes + longest
    seen = fires(replace(one, phases=(*phases, (level, longest * timing.scrapes))), last)
    first = next((number for number in range(begun // timing.scrapes + 1, last + 1) if seen[number]), None)
    if first is None:
        return None
    lasting = (first + subject.firing) * timing.scrapes - start - begun
    rest = (timing.settling + timing.evaluations(timing.keep) + 2) * timing.scrapes
    end = first + subject.firing + rest // timing.scrapes
    return replace(
        one,
        phases=(*phases, (level, lasting), (then, rest)),
        hits=(*one.hits, *(first for _ in subject.hits)),
        missed=(*one.missed, *(number - onset + first for number in subject.missed)),
        failing=max(one.failing, subject.failing),
        turns=(*(one.turns or ()), Turn(first, subject.firing, end)),
    )


def _length(phases: Sequence[tuple[Workload, int]]) -> int:
    return sum(length for _, length in phases)


def _up_to_an_evaluation(phases: Sequence[tuple[Workload, int]], timing: Timing) -> tuple[tuple[Workload, int], ...]:
    """The phases, the last of them lasting until the next turn begins as the first one did, beside an evaluation."""
    if not phases:
        return ()
    *before, (level, length) = phases
    lack = -_length(phases) % timing.scrapes
    return (*before, (level, length + lack))


def does_its_turns(one: Subject, seen: Sequence[bool]) -> bool:
    """Whether one fires where it must, and nowhere else than on its turn."""
    turns = one.turns or ()
    must = chain.from_iterable(range(turn.first, turn.first + turn.firing) for turn in turns)
    may = set(chain.from_iterable(range(turn.first, turn.end) for turn in turns))
    fired = {number for number, fires in enumerate(seen) if fires}
    return fired.issuperset(must) and fired <= may
