"""Subjects' lives as a scenario: the series of each, from its first scrape on, through all its phases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tocsin.metrics import Gauge, Matcher
from tocsin.model.scenario import Feed, Scenario
from tocsin.proving.simulation import stored
from tocsin.proving.spread import spread
from tocsin.proving.store import Store
from tocsin.proving.subjects import Subject
from tocsin.proving.timing import Timing
from tocsin.proving.workloads import Leaf, Setting, Workload, feed, foreign_feeds


@dataclass(frozen=True, slots=True)
class Lives:
    """Who is shown by which series: `start` is their first scrape, `own` the series that states thresholds, if any."""

    leaves: tuple[Leaf, ...]
    timing: Timing
    start: int
    own: str | None

    def groups(self, subjects: Iterable[Subject]) -> list[list[Subject]]:
        """Those who can live at the same time: one group where labels tell all from each other."""
        groups: list[tuple[list[Subject], set[tuple[Leaf, tuple[tuple[str, str], ...]]]]] = []
        for subject in subjects:
            own = {(leaf, leaf.labels(subject.labels)) for leaf in self.leaves}
            free = next((group for group in groups if not own & group[1]), None)
            if free is None:
                groups.append(free := ([], set()))
            free[0].append(subject)
            free[1].update(own)
        return [group for group, _ in groups]

    def scenario(self, title: str, subjects: Iterable[Subject], end: int) -> Scenario:
        """All of them, and beside some what the condition does not let through, up to the evaluation `end`."""
        feeds = [one for subject in subjects for one in self._feeds(subject, end)]
        own = {
            (leaf.metric.name, frozenset(Matcher(name, "=", value) for name, value in leaf.labels(subject.labels)))
            for subject in subjects
            for leaf in self.leaves
        }
        kept_out = (one for subject in subjects if subject.beside for one in self._beside(subject, subject.beside, end))
        feeds += [one for one in kept_out if (one.series.metric.name, frozenset(one.series.matchers)) not in own]
        return Scenario(title, *feeds, every=self.timing.scraped(1))

    def _beside(self, subject: Subject, workload: Workload, end: int) -> Iterator[Feed]:
        timing = self.timing
        lasting, late = timing.scraped(end * timing.scrapes - self.start + 1), timing.scraped(self.start)
        for leaf in self.leaves:
            yield from foreign_feeds(leaf, subject.labels, workload[leaf], lasting, late=late)

    def _feeds(self, subject: Subject, end: int) -> Iterator[Feed]:
        left = end * self.timing.scrapes - self.start + 1
        phases: list[tuple[Workload, str]] = []
        for workload, length in subject.phases:
            if left > 0:
                phases.append((spread(workload, subject.splits), self.timing.scraped(min(length, left))))
            left -= length
        for leaf in phases[0][0]:
            yield self._feed(leaf, subject, [(workload[leaf], lasting) for workload, lasting in phases])

    def _feed(self, leaf: Leaf, subject: Subject, phases: Sequence[tuple[Setting, str]]) -> Feed:
        timing = self.timing
        hits = [number * timing.scrapes for number in subject.hits if not isinstance(leaf.metric, Gauge)]
        there = list(self._there(subject, [setting for setting, _ in phases]))
        return feed(
            leaf,
            subject.labels,
            phases,
            late=timing.scraped(self.start),
            every=timing.scraped(1),
            resets=tuple(timing.scraped(scrape) for scrape in hits if any(scrape in one for one in there)),
            missed=tuple(map(timing.scraped, sorted(self._failed(subject)))),
        )

    def _there(self, subject: Subject, settings: Iterable[Setting]) -> Iterator[range]:
        """The scrapes at which a series that lives so through the subject's phases may start again."""
        begun = self.start
        for (_, length), setting in zip(subject.phases, settings, strict=False):
            if setting is not None:
                yield range(begun + 1, begun + length)
            begun += length

    def _failed(self, subject: Subject) -> set[int]:
        """The scrapes that fail of what a subject shows."""
        last = [self.timing.last_scrape(number) for number in subject.missed]
        return {*last, *(last[-1] - back for back in range(subject.failing) if last and last[-1] - back > self.start)}

    def store(self, scenario: Scenario) -> Store:
        """What of it the rules read."""
        names = {name for leaf in self.leaves for name in leaf.series}
        return stored(scenario, names | {self.own} if self.own else names)
