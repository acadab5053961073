"""Recording rules: their order, their names, how often they run, and who reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocsin.findings import Finding, Severity
from tocsin.promql.durations import duration_text
from tocsin.promql.forms import form_of
from tocsin.promql.labels import disjoint
from tocsin.promql.matched import compiled
from tocsin.promql.parse import PromQLError, parse, tree_of
from tocsin.promql.tree import Binary, Call, Node, Range, Select, Subquery
from tocsin.reading.values import RuleGroup
from tocsin.subject import Links, Placed, Subject, length_of

_STALE = 300_000
_COMPARED = 50
# They give something where there is nothing.
_WITHOUT_INPUT = frozenset({"absent", "absent_over_time", "scalar", "vector"})
# What every series of a Prometheus may carry, and no level states.
_TARGETS = ("instance", "pod")
_EVERYWHERE = frozenset({"cluster", "le", "quantile"})


def findings_in(subject: Subject) -> Iterator[Finding]:
    for group in subject.contents.groups:
        yield from _order(subject, group)
        yield from _interval(subject, group)
    yield from _lags(subject)
    for placed in subject.records:
        if placed.rule.name:
            yield from _name(subject, placed)


def findings_across(subject: Subject) -> Iterator[Finding]:
    yield from _circles(subject.links)
    yield from _unused(subject.links)
    yield from _duplicates(subject)


def _found(
    placed: Placed,
    check: str,
    message: str,
    way_out: str,
    severity: Severity = Severity.WARNING,
    expr: str | None = None,
) -> Finding:
    return Finding(check, severity, message, way_out, placed.rule.source, placed.rule.name, expr)


def _read_now(expr: str) -> frozenset[str]:
    """The series that an expression reads as they are at its own time: not over a range, nor with an offset."""
    try:
        return frozenset(_instant(tree_of(expr)))
    except (PromQLError, ValueError):
        return frozenset()


def _instant(node: Node) -> Iterator[str]:
    if isinstance(node, Range | Subquery):
        return
    if isinstance(node, Select):
        if node.offset is None and node.at is None:
            yield node.name
        return
    for child in node.children():
        yield from _instant(child)


def _needed_by(expr: str) -> frozenset[str]:
    """The series without which an expression has no result."""
    try:
        return _needed(tree_of(expr))
    except (PromQLError, ValueError):
        return frozenset()


def _needed(node: Node) -> frozenset[str]:
    match node:
        case Select(name=name):
            return frozenset({name})
        case Call(function=function) if function in _WITHOUT_INPUT:
            return frozenset()
        case Binary(operator="or", left=left, right=right):
            return _needed(left) & _needed(right)
        case Binary(operator="unless", left=left):
            return _needed(left)
    return frozenset().union(*map(_needed, node.children()))


def _order(subject: Subject, group: RuleGroup) -> Iterator[Finding]:
    """rule-order: what a group records only after it was read."""
    records = {rule.name: place for place, rule in enumerate(group.rules) if rule.kind == "record" and rule.name}
    for place, rule in enumerate(group.rules):
        placed = Placed(rule, group)
        later = [name for name in subject.analysis(placed).series if records.get(name, -1) > place]
        for name in sorted(set(later) & _read_now(rule.expr)) if later else ():
            every = f"{group.interval} old" if group.interval else "one evaluation old"
            yield _found(
                placed,
                "rule-order",
                f"it reads {name}, which its group records only after it: what it reads is always {every}",
                f"move the rule that records {name} in front of it",
                Severity.ERROR,
                name,
            )


def _lags(subject: Subject) -> Iterator[Finding]:
    for placed in subject.rules:
        interval = placed.interval
        if not interval:
            continue
        for name in dict.fromkeys(subject.analysis(placed).series):
            recorded = subject.world.recordings.get(name, ())
            uneven = [made.interval for made in recorded if made.interval and interval % made.interval]
            if uneven and name in _read_now(placed.rule.expr):
                longest = max(uneven)
                every = duration_text(longest)
                slower = "it sees each value several times, and a change that much later"
                yield _found(
                    placed,
                    "rule-lag",
                    f"it runs every {placed.group.interval} and reads {name}, which is recorded every {every}: "
                    + (slower if longest > interval else "how old what it reads is differs from run to run"),
                    f"record {name} as often, or let this group run every {every}",
                    expr=name,
                )


def _unused(links: Links) -> Iterator[Finding]:
    patterns = [found for found in map(compiled, links.patterns) if found is not None]
    for name in links.recordings.keys() - links.read:
        if any(pattern.fullmatch(name) for pattern in patterns):
            continue
        yield Finding(
            "rule-unused",
            Severity.INFO,
            "nothing here reads it: it costs an evaluation and a series each time, for whom?",
            "take the rule away, or give the files that read it to the same run",
            links.recorded_at[name],
            name,
        )


def _circles(links: Links) -> Iterator[Finding]:
    """rule-order: rules that wait for each other, each of them empty until the other is not."""
    waiting = _waiting(links)
    told: set[frozenset[str]] = set()
    for name in sorted(waiting):
        circle = _circle(name, waiting)
        if frozenset(circle) not in told:
            told.add(frozenset(circle))
            around = " -> ".join([*circle, circle[0]])
            yield Finding(
                "rule-order",
                Severity.ERROR,
                f"the rules go round in a circle: {around}; none of them ever has a first value",
                "let one of them read what is exported",
                links.recorded_at[circle[0]],
                circle[0],
            )


def _waiting(links: Links) -> Mapping[str, frozenset[str]]:
    """The recorded series that have no value before others have one, with those others, as far as they wait too."""
    found: dict[str, frozenset[str]] = {}
    for name in links.chained:
        needs = frozenset.intersection(*(_needed_by(made.expr) for made in links.recordings[name]))
        found[name] = needs & links.recordings.keys()
    while ends := {name for name, needs in found.items() if needs.isdisjoint(found)}:
        found = {name: needs - ends for name, needs in found.items() if name not in ends}
    return found


def _circle(start: str, waiting: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """The circle that one comes to who goes from a series that waits to the first that it waits for, and on."""
    trail = [start]
    while True:
        following = min(waiting[trail[-1]] & waiting.keys())
        if following in trail:
            return tuple(trail[trail.index(following) :])
        trail.append(following)


def _interval(subject: Subject, group: RuleGroup) -> Iterator[Finding]:
    records = [rule for rule in group.rules if rule.kind == "record"]
    interval = length_of(group.interval)
    if not records or not interval:
        return
    if interval >= _STALE:
        yield Finding(
            "rule-interval",
            Severity.WARNING,
            f"it records every {group.interval}, and a sample is stale after 5m: graphs have gaps, alerts reset",
            "record at least every 4m; look back further for what changes slowly",
            group.source,
            group.name,
        )
        return
    for rule in records:
        scrapes = [
            found.scrape
            for name in subject.analysis(Placed(rule, group)).series
            if name in subject.world.series and (found := subject.world.exported_type(name)).scrape
        ]
        if scrapes and interval < min(scrape for scrape in scrapes if scrape):
            every = duration_text(min(scrape for scrape in scrapes if scrape))
            yield Finding(
                "rule-interval",
                Severity.WARNING,
                f"it records every {group.interval}, and {rule.name} is made of samples that come every {every}: "
                "the same value is computed and stored again",
                f"record every {every}",
                group.source,
                group.name,
            )
            return


def _name(subject: Subject, placed: Placed) -> Iterator[Finding]:
    name = placed.rule.name
    if ":" not in name:
        yield _found(
            placed,
            "rule-name",
            f"{name} has no colon: it looks like something that a program exports",
            "call it level:metric:operations, for example job:http_requests:rate5m",
        )
        return
    labels = subject.analysis(placed).type.labels
    parts = name.split(":")
    if subject.is_ours:
        return
    if len(parts) < 3:
        yield _found(
            placed,
            "rule-name",
            f"{name} is not level:metric:operations: it does not say what its series differ by, or what was done",
            "state all three; the level is empty where no label is left, as in :http_requests:rate5m",
        )
        return
    level = "".join(parts[:-2])
    by_target = any(_states(level, label) for label in _TARGETS)
    missing = sorted(
        label
        for label, of in labels.known.items()
        if not (of.pinned or label in _EVERYWHERE or _states(level, label))
        # A scrape may add it, or is named already.
        and not (of.target and (by_target or not of.sure))
    )
    if missing and labels.closed:
        yield _found(
            placed,
            "rule-name",
            f"the level {':'.join(parts[:-2]) or 'is empty and'} does not state {', '.join(missing)}, which its series "
            "have: who sums it by what the name says counts some twice",
            f"call it {'_'.join([*(parts[:-2] if level else ()), *missing])}:{parts[-2]}:{parts[-1]}",
        )


def _states(level: str, label: str) -> bool:
    """Whether a level names a label, maybe by a part of it: `pod` for exported_pod."""
    return label in level or any(part in level for part in label.split("_") if len(part) > 2)


def _duplicates(subject: Subject) -> Iterator[Finding]:
    groups: dict[tuple[object, ...], list[Placed]] = {}
    for placed in subject.links.repeated:
        key = (placed.rule.name, placed.group.namespace, *sorted(placed.rule.labels.items()))
        groups.setdefault(key, []).append(placed)
    for rules in groups.values():
        for place, placed in enumerate(rules):
            for other in rules[: min(place, _COMPARED)]:
                severity = _clash(subject, placed, other)
                if severity is not None:
                    yield _found(
                        placed,
                        "rule-duplicate",
                        f"{other.rule.source} records the same series: two values for one moment, and Prometheus keeps "
                        "whichever comes first",
                        "give each a name or a label of its own",
                        severity,
                    )
                    break


def _clash(subject: Subject, one: Placed, other: Placed) -> Severity | None:
    """How sure it is that two rules of one name record the same series."""
    copied = one.group.name == other.group.name and one.rule.source.file != other.rule.source.file
    first, second = (subject.analysis(placed).type for placed in (one, other))
    if subject.is_ours or _form(one.rule.expr) == _form(other.rule.expr):
        if copied:
            return None
        apart = one.rule.source.file != other.rule.source.file and not subject.is_ours
        return Severity.WARNING if apart else Severity.ERROR  # two files may be for two servers
    if not (first.labels.closed and second.labels.closed) or copied:
        return None
    if first.labels.names != second.labels.names or _apart(first.labels.known, second.labels.known):
        return None
    if not first.labels.names:
        return Severity.ERROR
    return Severity.WARNING if _matchers(one.rule.expr) == _matchers(other.rule.expr) else None


def _form(expr: str) -> object:
    """Equal for expressions of the same meaning."""
    try:
        return form_of(parse(expr), lambda _part, _form: None)
    except PromQLError:
        return object()


def _apart(first: Mapping[str, object], second: Mapping[str, object]) -> bool:
    return any(disjoint(first.get(name), second.get(name)) for name in first)  # type: ignore[arg-type]


def _matchers(expr: str) -> Iterable[str]:
    try:
        return {str(matcher) for node in tree_of(expr).walk() if isinstance(node, Select) for matcher in node.matchers}
    except (PromQLError, ValueError):
        return {expr}
