"""promtool's unit tests of alerts: a file for each that its author states something of, and what others share.

Where what is stated is evaluated at other times than what is derived, the two stand in files of their own: promtool
knows one interval a file, and a day in steps of 30 seconds would take it a second. What is derived of several alerts
stands in one test where they are evaluated and scraped alike and have no series in common.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import orjson

from tocsin.annotations import annotations_of
from tocsin.documents import Draft
from tocsin.metrics import Matcher
from tocsin.model.alert import Alert
from tocsin.model.recording import RuleGroup
from tocsin.model.scenario import Claim, Instance, Scenario
from tocsin.plan import Plan, PlannedRecord
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.tree import Node, Select, names_read
from tocsin.proving.beside import by_scenario, together
from tocsin.proving.bounds import bounded_beside
from tocsin.proving.derive import derived
from tocsin.proving.living import Through
from tocsin.proving.seldom import stated_interval
from tocsin.proving.sharing import Guest, at_once, next_path, shared
from tocsin.proving.threshold import standing_beside
from tocsin.proving.through import derived_through
from tocsin.scenarios.promtool import input_series
from tocsin.scenarios.samples import series_of
from tocsin.targets.prometheus_alerts import alert_path, rule_labels
from tocsin.targets.prometheus_rules import rules_path


@dataclass(frozen=True, slots=True, eq=False)
class Told(Guest):
    """What is told of an alert in one scenario, evaluated every so many milliseconds, until its last claim.

    The test is packed: those of all alerts are there before one is written. `note` is what it is beside its own proof:
    alerts whose tests have one share with those alone that end when they do, who live through the same.
    """

    alert: Alert
    interval: int
    spacing: int
    last: str
    packed: bytes
    note: str = ""

    @classmethod
    def of(
        cls,
        loaded: tuple[RuleGroup, ...],
        alert: Alert,
        interval: int,
        claims: Sequence[Claim],
        test: Mapping[str, Any],
        note: str = "",
    ) -> Told:
        packed = zlib.compress(orjson.dumps(test), 1)
        return cls(loaded, alert, interval, claims[-1].scenario.spacing, claims[-1].at, packed, note)

    @property
    def kind(self) -> tuple[int, int, str]:
        return self.interval, self.spacing, self.note and self.last

    @property
    def evaluations(self) -> int:
        return milliseconds_of(self.last) // self.interval + 1

    def test(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(zlib.decompress(self.packed))
        return found

    @property
    def alerts(self) -> tuple[Alert]:
        return (self.alert,)

    def conditions(self, plan: Plan) -> tuple[Node, ...]:
        return (plan.alert(self.alert).condition,)


@dataclass(frozen=True, slots=True)
class AlertsFile:
    """A file of tests: what stands in one test is told at once. `is_stated` where an author states any of it."""

    path: str
    tests: tuple[tuple[Told, ...], ...]
    is_stated: bool

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Those that it is about."""
        return tuple({id(told.alert): told.alert for test in self.tests for told in test}.values())

    @property
    def note(self) -> str:
        return self.tests[0][0].note

    def draft(self, plan: Plan) -> Draft:
        told = [one for test in self.tests for one in test]
        loaded = {id(group) for one in told for group in one.loaded}
        groups = [group for group in plan.definitions.groups if id(group) in loaded]
        tests = [test[0].test() if len(test) == 1 else _at_once(test) for test in self.tests]
        return test_file(plan, self.path, duration_text(told[0].interval), groups, tests, self.alerts)


_known: WeakKeyDictionary[Plan, tuple[AlertsFile, ...]] = WeakKeyDictionary()


def documents(plan: Plan) -> Iterator[Draft]:
    for file in alerts_files(plan):
        yield file.draft(plan)


def alerts_files(plan: Plan) -> tuple[AlertsFile, ...]:
    """The test files of all alerts; computed once."""
    if plan not in _known:
        _known[plan] = tuple(_files(plan))
    return _known[plan]


def _files(plan: Plan) -> Iterator[AlertsFile]:
    own = [file for alert in plan.definitions.alerts for file in _own_files(plan, alert)]
    yield from _together(plan, own, "derived")
    through = [file for one in derived_through(plan) for file in _through_files(plan, one)]
    yield from _together(plan, through, "through")


def _together(plan: Plan, own: Sequence[AlertsFile], kind: str) -> Iterator[AlertsFile]:
    """The files, but that what is derived stands in one test where it can."""
    several = list(shared(plan, [told for file in own if not file.is_stated for (told,) in file.tests]))
    taken = {id(told) for tests in several for told in tests}
    for file in own:
        left = tuple(test for test in file.tests if id(test[0]) not in taken)
        if left:
            yield replace(file, tests=left)
    numbers: dict[str, int] = {}
    for tests in several:
        # What goes through all that is recorded is evaluated a little more often than it says.
        path = next_path(f"prometheus/tests/alerts-{kind}-{_whole(tests[0].interval)}", numbers)
        yield AlertsFile(path, (tuple(tests),), is_stated=False)


def _whole(interval: int) -> str:
    """An interval to the second."""
    return duration_text(round(interval / 1000) * 1000)


def _own_files(plan: Plan, alert: Alert) -> Iterator[AlertsFile]:
    """The test files of an alert alone, each of tests with one thing told."""
    stated = [claim for proof in plan.definitions.proofs_of(alert) for claim in proof.claims]
    found = derived(plan, alert)
    interval = stated_interval(plan, alert, stated) if stated else found.interval
    path = f"prometheus/tests/{alert.slug}"
    if stated and found.claims and found.interval != interval:
        yield AlertsFile(f"{path}-derived.yaml", _told(plan, alert, found.interval, found.claims), is_stated=False)
        claims = stated
    else:
        claims = [*stated, *found.claims]
    if claims:
        yield AlertsFile(f"{path}.yaml", _told(plan, alert, interval, claims), is_stated=bool(stated))


def _told(plan: Plan, alert: Alert, interval: int, claims: Sequence[Claim]) -> tuple[tuple[Told], ...]:
    condition = plan.alert(alert).condition
    needed = _records_needed(plan, condition, claims)
    read = names_read(condition, *(record.node for record in needed))
    found = derived(plan, alert).claims
    fed = {id(feed) for feed in found[0].scenario.feeds} if found else set()
    groups = tuple(group for group in plan.definitions.groups if any(record.group is group for record in needed))

    def one(scenario: Scenario, claims: Sequence[Claim]) -> Told:
        is_derived = any(id(feed) in fed for feed in scenario.feeds)
        test = (
            _beside_threshold(plan, alert, claims, interval, read)
            if is_derived
            else _alert_test(plan, alert, claims, read)
        )
        return Told.of(groups, alert, interval, claims, test)

    return tuple((one(*told),) for told in by_scenario(together(plan, alert, claims, interval)))


def _through_files(plan: Plan, through: Through) -> Iterator[AlertsFile]:
    """A file for each of several alerts that live through the same: each has all that any of them reads."""
    conditions = [plan.alert(alert).condition for alert, _ in through.told]
    needed = [record for condition in conditions for record in plan.records_read(condition)]
    read = names_read(*conditions, *(record.node for record in needed))
    groups = tuple(group for group in plan.definitions.groups if any(record.group is group for record in needed))
    for alert, claims in through.told:
        test = _alert_test(plan, alert, claims, read)
        told = Told.of(groups, alert, through.interval, claims, test, "through all that is recorded")
        yield AlertsFile(f"prometheus/tests/{alert.slug}-through.yaml", ((told,),), is_stated=False)


def _at_once(tests: Sequence[Told]) -> dict[str, Any]:
    """The tests of several alerts as one, which says of whom it tells what."""
    alone = [told.test() for told in tests]
    titles: dict[str, list[str]] = {}
    for told, test in zip(tests, alone, strict=True):
        titles.setdefault(test["name"], []).append(told.alert.name)
    name = "; ".join(f"{title} ({', '.join(names)})" for title, names in titles.items())
    return {**at_once(alone), "name": name}


def _alert_test(
    plan: Plan, alert: Alert, claims: Sequence[Claim], read: frozenset[str], given: Iterable[dict[str, str]] = ()
) -> dict[str, Any]:
    return {
        **series_fed(claims[0].scenario, read, given),
        "alert_rule_test": [
            {
                "eval_time": claim.at,
                "alertname": alert.name,
                "exp_alerts": [expected_alert(plan, alert, one) for one in claim.instances],
            }
            for claim in claims
        ],
    }


def _beside_threshold(
    plan: Plan, alert: Alert, claims: Sequence[Claim], interval: int, read: frozenset[str]
) -> dict[str, Any]:
    """The test with who stands at the threshold or at the bounds, where that can be.

    One of them is beyond it at the last evaluation alone. That it waits for its `for` then is enough to tell that it is
    seen: until it fires, promtool would print all that it says at each evaluation.
    """
    standing = standing_beside(plan, alert) or bounded_beside(plan, alert)
    if standing is None:
        return _alert_test(plan, alert, claims, read)
    *before, last = claims
    end, spacing = milliseconds_of(last.at), last.scenario.spacing
    quiet = (end - interval) // spacing + 1
    given = standing.series(quiet, end // spacing + 1 - quiet)
    if milliseconds_of(alert.hold):
        test = _alert_test(plan, alert, claims, read, given)
        return {**test, "promql_expr_test": [_waiting(alert, standing.instance, last.at)]}
    fires = replace(last, instances=(*last.instances, standing.instance))
    return _alert_test(plan, alert, [*before, fires], read, given)


def _waiting(alert: Alert, one: Instance, at: str) -> dict[str, Any]:
    """That an alert of a rule waits for its `for`, as Prometheus's own series has it."""
    # Whatever is called alike, the rule's labels come after the series', and Prometheus's own after these.
    labels = {**dict(one.labels), **rule_labels(alert), "alertname": alert.name, "alertstate": "pending"}
    waiting = Select("ALERTS", tuple(Matcher(name, "=", value) for name, value in sorted(labels.items()))).text()
    return {"expr": waiting, "eval_time": at, "exp_samples": [{"labels": waiting, "value": 1}]}


def _records_needed(plan: Plan, condition: Node, claims: Sequence[Claim]) -> tuple[PlannedRecord, ...]:
    """The recording rules of a test: none where every scenario gives what they record."""
    needed = plan.records_read(condition)
    direct = {record.name for record in needed} & names_read(condition)
    fed = [{feed.series.metric.name for feed in claim.scenario.feeds} for claim in claims]
    return () if all(direct <= names for names in fed) else needed


def test_file(
    plan: Plan,
    path: str,
    interval: str,
    groups: Iterable[RuleGroup],
    tests: Sequence[dict[str, Any]],
    alerts: Sequence[Alert],
) -> Draft:
    """A file of tests that loads these groups, and the alerts that it is about, which are evaluated after them."""
    groups = tuple(groups)
    written = [*map(rules_path, groups), *map(alert_path, alerts)]
    data = {
        "rule_files": [f"../{path.removeprefix('prometheus/')}" for path in written],
        "evaluation_interval": interval,
        "group_eval_order": [*(group.name for group in groups), *(plan.group_of(alert) for alert in alerts)],
        "tests": list(tests),
    }
    return Draft(path, "promtool-tests", data, alerts[0].source if alerts else groups[-1].source)


def expected_alert(plan: Plan, alert: Alert, one: Instance) -> dict[str, Any]:
    """An alert as promtool compares it: all its labels and annotations."""
    labels = dict(one.labels)
    return {
        "exp_labels": dict(sorted({**labels, **rule_labels(alert)}.items())),
        # A label that the condition may have and this alert has not is printed as nothing.
        "exp_annotations": annotations_of(
            plan, alert, one.value, {**dict.fromkeys(plan.alert(alert).labels, ""), **labels}
        ),
    }


def series_fed(
    scenario: Scenario, read: frozenset[str] | None = None, given: Iterable[dict[str, str]] = ()
) -> dict[str, Any]:
    """The scenario's series; where it is said what the rules of the test read, without the others.

    What is `given` stands beside them.
    """
    fed = (input_series(series) for series in series_of(scenario) if read is None or series.name in read)
    return {
        "name": scenario.title,
        "interval": f"{scenario.spacing}ms",
        "input_series": [*fed, *given],
    }
