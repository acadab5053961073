"""What is checked together, judged part by part, so that memory does not grow with the files.

What must be known of all parts before the first is judged, or after the last, is kept as `Links`.
"""

from __future__ import annotations

import pickle
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from tocsin.metrics import Catalog
from tocsin.promql.infer import analyse
from tocsin.promql.world import EXTERNAL_LABELS, Recording, World
from tocsin.promql.written import bare
from tocsin.reading.values import Contents, Rule, RuleGroup
from tocsin.subject import GRAFANA, Expression, Links, Placed, Subject, length_of, with_threshold

_ABSENCE = re.compile(r"\babsent(?:_over_time)?\s*\(", re.IGNORECASE)
_PATTERN = re.compile(r"__name__\s*=~\s*[\"']([^\"']*)[\"']")
_NAME = re.compile(r"[a-zA-Z_:][\w:]*")
# Names, texts and durations, and no plain numbers.
_WORD = re.compile(r"[A-Za-z_:][\w:]*|\d+[a-z]\w*|\"[^\"]*\"")


class Parts(Protocol):
    """Contents that are gone through once more: those with rules or tests, then the others, dashboards above all."""

    def rules(self) -> Iterable[Contents]: ...

    def others(self) -> Iterable[Contents]: ...


class Whole:
    """Parts, the world that their queries read, and what links them."""

    def __init__(self, parts: Parts, world: World, links: Links, ours: tuple[Expression, ...] | None = None) -> None:
        self.world = world
        self.links = links
        self._parts = parts
        self._ours = ours

    def subjects(self) -> Iterator[Subject]:
        """The parts, one at a time; what they say of others is noted when the next one is asked for."""
        for contents in self._parts.rules():
            yield from self._noted(contents, self._ours)
        rest = None if self._ours is None else ()
        for contents in self._parts.others():
            yield from self._noted(contents, rest)

    def _noted(self, contents: Contents, ours: tuple[Expression, ...] | None) -> Iterator[Subject]:
        subject = Subject(contents, self.world, ours, self.links)
        yield subject
        _note(subject)

    def rest(self) -> Subject:
        """Nothing but the world and the links, for what is said after all parts."""
        return Subject(Contents(), self.world, None if self._ours is None else (), self.links)


class _Packed:
    """Parts of files: packed until they are judged, to less than a tenth, or not read yet."""

    def __init__(self, later: Iterable[Contents]) -> None:
        self._rules: list[bytes] = []
        self._dashboards: list[bytes] = []
        self._later = later

    def add(self, contents: Contents) -> None:
        for dashboard in contents.dashboards:
            self._dashboards.append(_packed(Contents(dashboards=(dashboard,))))
        groups = tuple(group for group in contents.groups if group.is_promql)
        rest = replace(contents, groups=groups, dashboards=(), failures=(), files=0, passed_over=())
        if rest != Contents():
            self._rules.append(_packed(rest))

    def rules(self) -> Iterator[Contents]:
        return map(_unpacked, self._rules)

    def others(self) -> Iterator[Contents]:
        yield from map(_unpacked, self._dashboards)
        yield from self._later


def _packed(contents: Contents) -> bytes:
    return zlib.compress(pickle.dumps(contents, pickle.HIGHEST_PROTOCOL), 1)


def _unpacked(packed: bytes) -> Contents:
    found: Contents = pickle.loads(zlib.decompress(packed))
    return found


class _One:
    """One part, as it is."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    def rules(self) -> Iterable[Contents]:
        return (replace(self._contents, dashboards=()),)

    def others(self) -> Iterable[Contents]:
        return (Contents(dashboards=(dashboard,)) for dashboard in self._contents.dashboards)


def of_plan(contents: Contents, world: World, ours: Iterable[Expression]) -> Whole:
    """A plan as it will be written, and its expressions."""
    links = _Linking()
    links.add(contents)
    return Whole(_One(contents), world, links.found, tuple(ours))


def of_files(
    parts: Iterable[Contents],
    catalogs: Iterable[Catalog] = (),
    *,
    later: Iterable[Contents] = (),
    scrape_interval: str | None = None,
    prometheus: tuple[int, int] = (2, 42),
) -> Whole:
    """What was read, file by file, its recording rules linked across all of them.

    `later` parts hold dashboards only. They are read when they are judged, once.
    """
    linking, packed = _Linking(), _Packed(later)
    for contents in parts:
        linking.add(contents)
        packed.add(contents)
    if scrape_interval is not None:
        catalogs = [replace(catalog, scrape_interval=scrape_interval) for catalog in catalogs]
    scrape = length_of(scrape_interval or "")
    recordings = linking.found.recordings
    world = World.of(catalogs, recordings, prometheus=prometheus, scrape=scrape, external=EXTERNAL_LABELS)
    return Whole(packed, world, linking.found)


class _Linking:
    """Finds what links parts, by their texts alone."""

    def __init__(self) -> None:
        self.found = Links()
        self._keys: set[int] = set()

    def add(self, contents: Contents) -> None:
        for group in contents.groups:
            for rule in group.rules:
                if rule.kind == "alert":
                    if group.is_promql:
                        self._alert(rule, group)
                elif rule.name:
                    # What Loki records is there, and nothing is known of it.
                    expr = rule.expr if group.is_promql else ""
                    made = Recording(expr, rule.labels, length_of(group.interval))
                    recordings = self.found.recordings
                    recordings[rule.name] = (*recordings.get(rule.name, ()), made)
                    self.found.recorded_at.setdefault(rule.name, rule.source)
        for grafana in contents.grafana_rules:
            placed = with_threshold(grafana)
            if placed is not None:
                self._note(_key(placed))

    def _note(self, key: int) -> None:
        if key in self._keys:
            self.found.twins.add(key)
        self._keys.add(key)

    def _alert(self, rule: Rule, group: RuleGroup) -> None:
        self._note(_key(Placed(rule, group)))
        absence = _ABSENCE.search(rule.expr)
        if absence or "up" in rule.expr:
            names = _NAME.findall(bare(rule.expr))
            self.found.watches_targets |= "up" in names
            self.found.watched.update(names if absence else ())


def _key(placed: Placed) -> int:
    """The same for alerts of one engine that may say the same, or the same with another number."""
    namespace = placed.group.namespace
    organization = namespace if namespace.startswith(GRAFANA) else ""
    return hash((organization, *sorted(_WORD.findall(placed.rule.expr))))


def _note(subject: Subject) -> None:
    """What the parts that follow, or all of them together, want to know of this one."""
    links, world = subject.links, subject.world
    for placed in subject.rules:
        rule, names = placed.rule, subject.analysis(placed).series
        links.read.update(name for name in names if name != rule.name)
        links.patterns.update(_PATTERN.findall(rule.expr) if "__name__" in rule.expr else ())
        if rule.kind == "alert":
            _note_twin(links, placed)
            if len(subject.conditions(placed)) == 1:
                links.thresholds.setdefault(hash(frozenset(names)), []).append((rule.expr, rule.name))
            continue
        if not rule.name:
            continue
        if not world.recordings.keys().isdisjoint(names):
            links.chained.add(rule.name)
        if len(world.recordings.get(rule.name, ())) != 1:
            links.repeated.append(_bare(placed))
    for dashboard in subject.contents.dashboards:
        for variable in dashboard.variables:
            links.read.update(_NAME.findall(variable.query))
        for panel in dashboard.panels:
            for target in panel.targets:
                links.patterns.update(_PATTERN.findall(target.expr) if "__name__" in target.expr else ())
    for grafana in subject.contents.grafana_rules:
        for step in grafana.steps:
            links.read.update(analyse(step.expr, world).series if step.expr else ())
        compared = with_threshold(grafana) if links.twins and not subject.is_ours else None
        if compared is not None:  # of definitions it is the same alert again
            _note_twin(links, compared)


def _note_twin(links: Links, placed: Placed) -> None:
    if links.twins and (key := _key(placed)) in links.twins:
        links.alike.setdefault(key, []).append(_bare(placed))


def _bare(placed: Placed) -> Placed:
    """A rule without what only its own part needs."""
    return Placed(replace(placed.rule, annotations={}), replace(placed.group, rules=()))
