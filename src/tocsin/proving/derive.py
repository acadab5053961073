"""The proofs that nobody needs to write: from an alert's own condition, threshold and `for`.

Several subjects live through the same time, each with labels of its own: one just beyond the threshold, one far beyond
it whose counters start again and who misses a scrape, one just short of it, one beyond it for less than `for`, one
without traffic. A model of Prometheus says what each evaluation makes of them; whoever should fire must fire there and
recover, whoever should not must never. Claims are made where that changes, and promtool has the last word on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from weakref import WeakKeyDictionary

from tocsin.findings import DefinitionError
from tocsin.metrics import Gauge
from tocsin.model.alert import Alert
from tocsin.model.scenario import Claim, Instance
from tocsin.plan import Plan, PlannedAlert
from tocsin.promql.tree import Select
from tocsin.promql.world import SYNTHETIC
from tocsin.proving.asked import Asked
from tocsin.proving.defaults import fires_of_default
from tocsin.proving.errors import UnderivableError, UnprovenError
from tocsin.proving.evaluate import vector_of
from tocsin.proving.given import given_metric, given_to
from tocsin.proving.instances import windows_in
from tocsin.proving.lives import Lives
from tocsin.proving.own import Own, own_of
from tocsin.proving.printed import is_stable, printed
from tocsin.proving.simulation import Rules, settled_states, states_over_time
from tocsin.proving.solve import Levels, Solver
from tocsin.proving.spread import Split, splits_of
from tocsin.proving.states import States
from tocsin.proving.steady import nodes_of
from tocsin.proving.store import Moment, Store
from tocsin.proving.subjects import LOST, Subject, asks_for_presence, distinct, idle_setting, tell_of
from tocsin.proving.timing import Timing, timing_of
from tocsin.proving.vectors import Labels
from tocsin.proving.workloads import Leaf, Workload, leaves_of, read_beside_the_clock

_FIRING = 2
_PLACES = {"just-beyond": 0, "far-beyond": 1, "just-short": 2, "brief": 3, "idle": 4}


@dataclass(frozen=True, slots=True)
class Derived:
    """What is derived of an alert: claims, evaluated every `interval` milliseconds; or what stands in the way."""

    claims: tuple[Claim, ...] = ()
    interval: int = 0
    missing: str = ""


_known: WeakKeyDictionary[Plan, dict[int, Derived]] = WeakKeyDictionary()


def derived(plan: Plan, alert: Alert) -> Derived:
    """The derived proof of an alert; computed once."""
    known = _known.setdefault(plan, {})
    if id(alert) not in known:
        try:
            known[id(alert)] = _Derivation.of(plan, plan.alert(alert).usual).result()
        except UnderivableError as error:
            known[id(alert)] = Derived(missing=str(error))
        except ValueError:  # a duration that is none: a check tells of it
            known[id(alert)] = Derived(missing="its times are none")
        except DefinitionError as error:
            known[id(alert)] = Derived(missing=error.message)
    return known[id(alert)]


@dataclass(frozen=True, slots=True)
class _Derivation:
    plan: Plan
    planned: PlannedAlert
    rules: Rules
    leaves: tuple[Leaf, ...]
    timing: Timing
    levels: Levels
    splits: Mapping[Leaf, Split]
    own: Own | None
    lives: Lives

    @classmethod
    def of(cls, plan: Plan, planned: PlannedAlert) -> _Derivation:
        condition = planned.condition
        given = given_to(plan, condition)
        records = () if given else plan.records_read(condition)
        metrics = {record.name: given_metric(record) for record in plan.records if record.name in given}
        ticking = read_beside_the_clock([condition, *(record.node for record in records)])
        leaves = tuple(
            replace(leaf, ticks=isinstance(leaf.metric, Gauge) and leaf.metric.name in ticking)
            for leaf in leaves_of(plan, [condition], planned.labels, metrics)
        )
        timing = timing_of(planned.alert, condition, nodes_of(records))
        rules = Rules(records, condition, timing.hold / 1000, timing.keep / 1000)
        template = planned.value_template()
        read = {part.name for part in condition.walk() if isinstance(part, Select)}
        asked = Asked(condition, nodes_of(records), template)
        direct = frozenset(leaf for leaf in leaves if leaf.metric.name not in given and leaf.series & read)
        solver = Solver(
            asked,
            leaves,
            direct,
            exact=rules.is_exact,
            by_presence=any(asks_for_presence(part) for node in rules.nodes for part in node.walk()),
        )
        levels = solver.levels()
        near = (levels.just_beyond, levels.just_short, *levels.guarded, *levels.others)
        splits = splits_of(asked, (leaf for leaf in leaves if leaf in direct), near)
        full = plan.alert(planned.alert)
        own = own_of(full, solver)
        if own is not None:
            rules = replace(rules, condition=replace(condition, right=full.right))
        # After the evaluations that see no series at all; before the second of them where that one fires.
        start = 1 if timing.evaluations(timing.hold) <= 1 and _is_true_of_nothing(rules) else timing.scrapes + 1
        lives = Lives(leaves, timing, start, own.series if own else None)
        return cls(plan, planned, rules, leaves, timing, levels, splits, own, lives)

    def result(self) -> Derived:
        onset = self._onset()
        names = [label for label in self.planned.labels if all(label not in dict(leaf.fixed) for leaf in self.leaves)]
        subjects = distinct(self._subjects(onset, names))
        alone = [replace(subject, beside=None) for subject in subjects]
        for together in (subjects, alone) if names else ():
            groups = self.lives.groups(together)
            titles = ["several at once", *(f"several more ({number})" for number in range(1, len(groups)))]
            told = [self._claims(title, group, onset) for title, group in zip(titles, groups, strict=True)]
            if len(groups) < len(subjects) and all(map(tell_of, told, groups)):
                return Derived(tuple(claim for claims in told for claim in claims), self.timing.interval)
        for apart in (subjects, alone):
            told = [self._claims(subject.name, [subject], onset) for subject in apart]
            lost = [subject.name for subject, claims in zip(apart, told, strict=True) if not tell_of(claims, [subject])]
            if not lost or (lost == ["idle"] and self._is_about_too_little):
                quiet = [subject for subject in apart if not (subject.fires or subject.name in lost)]
                in_turn = self._in_turn(quiet, onset) if len(quiet) > 1 and not names else []
                if in_turn:
                    told = [claims for subject, claims in zip(apart, told, strict=True) if subject.fires]
                return Derived(tuple(claim for claims in (*told, in_turn) for claim in claims), self.timing.interval)
        raise UnprovenError("; ".join(LOST.get(name, LOST[""]) for name in lost))

    def _in_turn(self, quiet: Sequence[Subject], onset: int) -> list[Claim]:
        """The claims of who never fire, one after the other, each for as long as it would take to; none where one does.

        Who is beyond the threshold for a moment comes first: it is measured from the first scrape on.
        """
        scrapes, timing = self.timing.scrapes, self.timing
        rest, long = 2 * scrapes, (timing.settling + timing.evaluations(timing.hold) + 2) * scrapes
        phases: list[tuple[Workload, int]] = []
        missed: list[int] = []
        hits: list[int] = []
        turns: list[int] = []
        ordered = sorted(quiet, key=lambda subject: subject.name != "brief")
        for subject in ordered:
            (first, length), *healthy = subject.phases
            begun = self.lives.start + sum(lasting for _, lasting in phases)
            lasting = length if healthy else long
            if subject.missed:
                missed.append((begun + long // 2) // scrapes)
            if subject.hits:
                hits.append((begun + long // 2) // scrapes + 1)
            turns.append((begun + lasting - 1) // scrapes)
            phases += [(first, lasting), *((level, rest) for level, _ in healthy)]
        names = " then ".join(subject.name for subject in ordered)
        beside = next((subject.beside for subject in quiet if subject.beside), None)
        one = Subject(names, {}, tuple(phases), False, beside=beside, splits=self.splits)
        return self._claims(names, [replace(one, hits=tuple(hits), missed=tuple(missed), turns=tuple(turns))], onset)

    @property
    def _is_about_too_little(self) -> bool:
        """Whether no traffic may well make it fire."""
        return self.planned.operator in ("<", "<=")

    def _onset(self) -> int:
        """The evaluation at which what is just beyond the threshold from the start on fires."""
        timing = self.timing
        last = 6 + timing.settling + timing.evaluations(timing.hold)
        subject = Subject(
            "",
            self._labels("just-beyond", self.planned.labels),
            ((self.levels.just_beyond, last * timing.scrapes),),
            True,
        )
        for number, states in enumerate(self._simulated([subject], last)):
            if number and firing_of(states):
                return number
        raise UnprovenError(f"series that are beyond its threshold for {timing.at(last)} do not make it fire")

    def _labels(self, name: str, labels: Iterable[str]) -> dict[str, str]:
        """A subject's labels: its name; of a closed set of values one, which is its own as long as there are some."""
        closed = {label.name: label.values for leaf in self.leaves for label in leaf.open if label.values}
        place = _PLACES[name] if name in _PLACES else len(_PLACES) - 1 + int(name.rpartition("-")[2])
        return {label: closed[label][place % len(closed[label])] if label in closed else name for label in labels}

    def _subjects(self, onset: int, names: Sequence[str]) -> Iterator[Subject]:
        levels, scrapes = self.levels, self.timing.scrapes
        # Up to the scrape that the last evaluation sees: what is older than that tells of another age.
        whole = self._end(onset) * scrapes - self.lives.start + 1
        named = partial(self._labels, labels=names)
        # Who has nothing else to go through recovers as soon as it was seen to fire.
        soon = 1 if self._firing == _FIRING and levels.just_beyond != levels.far_beyond else self._firing

        def ill(level: Workload, then: Workload, firing: int = soon) -> tuple[tuple[Workload, int], ...]:
            lasting = (onset + firing) * scrapes - self.lives.start
            return (level, lasting), (then, whole - lasting)

        beyond, short = ill(levels.just_beyond, levels.healthy), ((levels.just_short, whole),)
        just = Subject("just beyond", named("just-beyond"), beyond, True, firing=soon, splits=self.splits)
        yield replace(just, beside=levels.healthy)
        end = dict.fromkeys(self.leaves) if self._looks_back else levels.healthy
        lives = ill(levels.far_beyond, end, self._firing)
        far = Subject("far beyond", named("far-beyond"), lives, True, firing=self._firing, hits=(onset,))
        yield self._missing(replace(far, failing=1 + self._looks_back), onset)
        near = Subject("just short", named("just-short"), short, False, beside=levels.far_beyond, splits=self.splits)
        missing = self._restarted(self._missing(near, onset), onset) if self._is_about_scrapes else near
        # Where that would keep anybody quiet, nothing would be seen of the threshold.
        would_fire = replace(missing, labels=named("just-beyond"), phases=beyond)
        yield missing if self._fires_at(onset, would_fire) else near
        for number, guarded in enumerate(levels.guarded, 1):
            labels = named(f"guarded-{number}")
            yield Subject(f"guarded {number}", labels, ((guarded, whole),), False, splits=self.splits)
        for number, other in enumerate(levels.others, 1):
            labels = named(f"other-{number}")
            yield from self._if_seen(
                replace(just, name=f"other {number}", labels=labels, phases=ill(other, levels.healthy)), onset
            )
        if self.own is not None and set(names) == set(self.own.labels):
            phases = ill(self.own.beyond, self.own.short)
            yield from self._if_seen(Subject("own threshold", self.own.labels, phases, True, firing=soon), onset)
        brief = self._brief(onset, whole) if self.timing.hold else 0
        if brief:
            phases = ((levels.just_beyond, brief), (levels.healthy, whole - brief))
            yield Subject("brief", named("brief"), phases, False)
        idle = {leaf: idle_setting(leaf, setting) for leaf, setting in levels.healthy.items()}
        if idle != levels.just_short and any(not isinstance(leaf.metric, Gauge) for leaf in self.leaves):
            yield Subject("idle", named("idle"), ((idle, whole),), False)

    def _if_seen(self, subject: Subject, onset: int) -> Iterator[Subject]:
        """The subject, if it does as it should."""
        firing = [firing_of(states) for states in self._simulated([subject], self._end(onset))]
        if self._does_as_it_should(subject, firing, onset):
            yield subject

    def _missing(self, subject: Subject, onset: int) -> Subject:
        """The same, with scrapes that fail, as many as it survives: halfway through the `for`, and when it is over."""
        half = 2 + self.timing.evaluations(self.timing.hold) // 2
        # The first scrape shows where a counter begins, without which Prometheus 2 and 3 extrapolate differently.
        waiting = (half,) if self.timing.last_scrape(half) > self.lives.start else ()
        both, one = ((*waiting, onset + 1), (onset + 1,)) if subject.fires else (waiting, ())
        for missed, failing in dict.fromkeys(((both, subject.failing), (both, 1), (one, 1))):
            tried = replace(subject, missed=missed, failing=failing)
            seen = [bool(firing_of(states)) for states in self._simulated([tried], onset + self._firing)]
            if all(seen[onset : onset + self._firing]) if subject.fires else not any(seen):
                return tried
        return subject

    def _restarted(self, subject: Subject, onset: int) -> Subject:
        """The same, whose counters start again, where that makes nobody fire."""
        tried = replace(subject, hits=(onset,))
        return subject if any(map(firing_of, self._simulated([tried], self._end(onset)))) else tried

    def _fires_at(self, onset: int, subject: Subject) -> bool:
        # Where the `for` is short, a scrape fails only after that.
        states = list(self._simulated([subject], max((onset, *subject.missed))))
        return bool(firing_of(states[onset]))

    @property
    def _firing(self) -> int:
        """For how many evaluations one should fire: when its counters have started again, and after a scrape failed.

        And once more where it matters that it was back after that: who is kept firing was beyond the threshold
        until then, and who is gone in the end was not gone from the failed scrapes on.
        """
        return _FIRING + bool(self._looks_back or self.timing.keep)

    @property
    def _looks_back(self) -> int:
        """For how many scrapes its own windows keep the last value, less some, so that half of them would not do."""
        if any(asks_for_presence(part) for part in self.rules.condition.walk()):
            return 0
        window = min(windows_in([self.rules.condition]).values(), default=0)
        return window * 5 // 8 // self.timing.scrape

    @property
    def _is_about_scrapes(self) -> bool:
        """Whether it fires where nothing is there, or nothing could be scraped."""
        if any(fires_of_default(self.rules.condition)):
            return True
        return any(asks_for_presence(part) for node in self.rules.nodes for part in node.walk()) or any(
            leaf.metric.name in SYNTHETIC for leaf in self.leaves
        )

    def _end(self, onset: int) -> int:
        return onset + self._firing + 3 + self.timing.settling + self.timing.evaluations(self.timing.keep)

    def _brief(self, onset: int, whole: int) -> int:
        """For how many scrapes one can be beyond the threshold, and be pending, but not fire; 0 where none will do.

        Half the `for`, where one is seen pending then: who is just beyond shows to the evaluation how long it is.
        """
        scrapes, start = self.timing.scrapes, self.lives.start
        longest = (onset - 1) * scrapes - start + 1
        half = (onset - self.timing.evaluations(self.timing.hold) // 2) * scrapes - start
        lengths: list[int] = [half, *range(longest, longest - scrapes - 1, -1)]
        for length in (one for one in lengths if one > 0):
            phases = ((self.levels.just_beyond, length), (self.levels.healthy, whole - length))
            states = list(self._simulated([Subject("", {}, phases, False)], onset + 2))
            if any(states) and not any(map(firing_of, states)):
                return length
        return 0

    def _simulated(self, subjects: Sequence[Subject], last: int) -> Iterator[States]:
        store = self.lives.store(self.lives.scenario("", subjects, last))
        return states_over_time(self.rules, store, self.timing.interval / 1000, last)

    def _claims(self, title: str, subjects: Sequence[Subject], onset: int) -> list[Claim]:
        """What is there whenever that changes; nothing where somebody does not fire who should."""
        lives = [sum(length for _, length in subject.phases) for subject in subjects]
        latest = (max(lives) + self.lives.start - 1) // self.timing.scrapes
        store = self.lives.store(self.lives.scenario(title, subjects, latest))
        states = list(settled_states(self.rules, store, self.timing.interval / 1000, latest))
        firing = [firing_of(one) for one, _ in states]
        if not all(self._does_as_it_should(subject, firing, onset) for subject in subjects):
            rest = [subject for subject in subjects if subject.name != "idle"]
            is_lost = len(rest) == len(subjects) or not rest or not self._is_about_too_little
            return [] if is_lost else self._claims(title, rest, onset)
        # Nothing happens after the last one has recovered.
        must = (onset + subject.firing - 1 for subject in subjects)
        end = 1 + max((*must, *(number for number, one in enumerate(firing) if one)))
        if any(subject.turns for subject in subjects):
            end = latest
        scenario = self.lives.scenario(f"derived: {title}", subjects, end)
        moments = {1, end, *(number for subject in subjects for number in subject.turns if number < end)}
        for number in range(2, end + 1):
            if firing[number].keys() != firing[number - 1].keys():
                moments |= {number - 1, number}
        for subject in subjects:
            if not (self.timing.hold and subject.fires):
                moments |= {number for number in subject.missed if number < end}
        template = self.planned.value_template()
        return [
            Claim(
                scenario,
                self.timing.at(number),
                alerts_of(template, firing[number]),
                self.planned.alert.source,
            )
            for number in sorted(moments)
            if self.rules.is_exact
            or (states[number][1] and all(is_stable(template, value) for value in firing[number].values()))
        ]

    def _does_as_it_should(self, subject: Subject, firing: Sequence[Mapping[Labels, float]], onset: int) -> bool:
        own = frozenset(subject.labels.items())
        seen = [any(own <= labels for labels in one) for one in firing]
        if _fires_of_nothing(self.rules):
            seen[0] = False
        if not subject.fires:
            return not any(seen)
        return not seen[0] and all(seen[onset : onset + subject.firing]) and not seen[-1]


def _fires_of_nothing(rules: Rules) -> bool:
    """Whether it fires at once where no series are: of them its first evaluation tells nothing more."""
    return not rules.hold and _is_true_of_nothing(rules)


def _is_true_of_nothing(rules: Rules) -> bool:
    return bool(vector_of(rules.condition, Moment(Store(), 0.0)))


def firing_of(states: States) -> dict[Labels, float]:
    return {labels: value for labels, (state, value) in states.items() if state == "firing"}


def alerts_of(template: str, firing: Mapping[Labels, float]) -> tuple[Instance, ...]:
    found = [Instance(printed(template, value), tuple(sorted(labels))) for labels, value in firing.items()]
    return tuple(sorted(found, key=lambda one: one.labels))
