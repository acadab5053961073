"""Each check on queries: a bad example that it must find, a good one that it must leave alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from faulty import ERROR, EXAMPLES, IN_A_RULE, INFO, PLACED, WORLD
from synthetic import CATALOG

from tocsin.findings import Severity
from tocsin.metrics import Label
from tocsin.promql.faults import Fault
from tocsin.promql.infer import NOWHERE, Context, analyse
from tocsin.promql.world import Recording, World


def found(check: str, expr: str, context: Context = NOWHERE) -> list[Fault]:
    return [fault for fault in analyse(expr, WORLD, context).faults if fault.id == check]


@pytest.mark.parametrize(("check", "severity", "bad", "good"), EXAMPLES, ids=lambda value: str(value)[:60])
def test_check_finds_the_bad_query_and_leaves_the_good_one(check: str, severity: Severity, bad: str, good: str) -> None:
    assert [fault.severity for fault in found(check, bad)] == [severity]
    assert not found(check, good)


@pytest.mark.parametrize(("check", "severity", "context", "bad", "good"), PLACED, ids=lambda value: str(value)[:60])
def test_check_of_a_place_finds_the_bad_query_and_leaves_the_good_one(
    check: str, severity: Severity, context: Context, bad: str, good: str
) -> None:
    assert [fault.severity for fault in found(check, bad, context)] == [severity]
    assert not found(check, good, context)
    assert not found(check, bad)


def test_labels_of_one_target_count_once() -> None:
    [fault] = found("cardinality", "requests_total", Context("rule", budget=10))
    assert "18 series (3 agent x 3 code x 2 instance), and 10 are the budget" in fault.message


@pytest.mark.parametrize(
    ("expr", "quoted"),
    [
        (
            "sum(rate({__name__='requests_total'}[5m])) by (agent) > 1",
            'sum by (agent) (rate({__name__="requests_total"}[5m]))',
        ),
        ("max(sum by (agent) ((rate(requests_total[300s]))))", "sum by (agent) ((rate(requests_total[5m])))"),
        ("sum by (agent, code) (rate(requests_total[5m]))", None),
        ("sum without (agent) (rate(requests_total[5m]))", None),
        ("sum by (agent) (rate(requests_total[5m] offset 5m))", None),
    ],
)
def test_what_is_recorded_is_found_however_it_is_written(expr: str, quoted: str | None) -> None:
    assert [fault.expr for fault in found("recorded-instead", expr, IN_A_RULE)] == ([quoted] if quoted else [])


def test_recorded_series_says_what_it_saves() -> None:
    [fault] = found("recorded-instead", "1 - sum by (agent) (rate(requests_total[5m]))", IN_A_RULE)
    assert fault.message == "agent:requests:rate5m already records this: 3 series to read instead of up to 18"


@pytest.mark.parametrize("window", ["$__rate_interval", "$__interval", "$__range", "$interval"])
def test_an_interval_beside_other_variables_is_quoted_as_it_is_written(window: str) -> None:
    expr = f"sum by ($group) (rate(asked_total[{window}])) / sum(up)"
    quoted = [fault.expr for fault in analyse(expr, World()).faults if fault.id == "division-by-zero"]
    assert quoted == [expr]


F, S = "sum(rate(failures_total[5m]))", "sum(rate(requests_total[5m]))"


@pytest.mark.parametrize(
    ("expr", "is_inf"),
    [
        (f"{F} / ({S} + {F})", False),
        (f"{F} / ({S} + ({F} + {S}))", False),
        (f"{F} / ({S} + 2 * {F})", True),
        (f"{F} / on () ({S} + {F})", True),
        (f"{F} / ({S} + on () {F})", True),
    ],
)
def test_a_term_of_the_divisor_is_not_divided_by_zero(expr: str, is_inf: bool) -> None:
    [fault] = found("division-by-zero", expr)
    assert "0/0 is NaN" in fault.message
    assert ("Inf" in fault.message) is is_inf


@pytest.mark.parametrize(("operator", "effect"), [("=~", "selected"), ("!~", "left out")])
def test_a_loose_dot_says_what_it_does(operator: str, effect: str) -> None:
    [fault] = [
        fault for fault in analyse(f'x{{host{operator}"api.example.com"}}', World()).faults if fault.id == "regex"
    ]
    assert f"more is {effect} than was meant" in fault.message


@pytest.mark.parametrize(
    ("expr", "way_out"),
    [
        ('x{a="b.c"} or x{a="d"} or x{a="d"} or x{a="e|"}', r'select them at once: a=~"b\\.c|d|e\\|"'),
        ('x{a="b"} or x{a="c"} or x{a="d"} offset 5m', None),
        ('x{a="b"} or x{a="c"} or x{a="d"} @ 0', None),
    ],
)
def test_selectors_are_put_together_once_and_as_they_are(expr: str, way_out: str | None) -> None:
    told = [fault.help for fault in analyse(expr, World()).faults if fault.id == "regex"]
    assert told == ([way_out] if way_out else [])


@pytest.mark.parametrize("count", [500, 3000, 50_000])
@pytest.mark.parametrize(
    "shape", [lambda n: "(" * n + "a" + ")" * n, lambda n: "-" * n + "a", lambda n: " or ".join(["a"] * n)]
)
def test_what_is_too_deep_is_not_judged(shape: Callable[[int], str], count: int) -> None:
    assert not analyse(shape(count), World()).faults


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda value: value[2][:60])
def test_good_query_has_no_error_at_all(example: tuple[str, Severity, str, str]) -> None:
    assert not [fault for fault in analyse(example[3], WORLD).faults if fault.severity is ERROR]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda value: value[2][:60])
def test_fault_says_what_happens_and_how_to_mend_it(example: tuple[str, Severity, str, str]) -> None:
    for fault in found(example[0], example[2]):
        assert len(fault.message) > 20
        assert fault.help
        assert "\n" not in f"{fault.message}{fault.help}{fault.expr}"


_NEED_NO_CATALOG = {"balance_usd / 0"}


@pytest.mark.parametrize(
    "expr", [expr for _, _, bad, good in EXAMPLES for expr in (bad, good) if expr not in _NEED_NO_CATALOG]
)
def test_without_a_catalog_only_what_needs_none_is_found(expr: str) -> None:
    needing = {"metric-unknown", "type-function", "counter-reset", "division-by-zero", "lazy-series", "le-value"}
    assert not {fault.id for fault in analyse(expr, World()).faults} & needing


def test_of_what_a_scrape_adds_nothing_is_claimed_where_it_was_only_seen() -> None:
    seen = replace(CATALOG, observed=True)
    [fault] = [one for one in analyse('sessions{colour="x"}', World.of([seen])).faults if one.id == "label-unknown"]
    assert fault.help == "its labels are agent, those that a scrape adds"
    odd = replace(CATALOG, target_labels=(Label("job"), Label("instance"), Label("region")), observed=True)
    for expr in ("sum by (reason) (sessions)", "sessions / on (reason) memory_bytes", 'sessions{reason="x"}'):
        [fault] = [one for one in analyse(expr, World.of([odd])).faults if one.id == "label-unknown"]
        assert "region" not in fault.help
    [fault] = [one for one in analyse("sum by (inst) (sessions)", World.of([odd])).faults if one.id == "label-unknown"]
    assert fault.help == "did you mean instance?"


def test_a_recorded_series_is_not_proposed_for_an_exported_one() -> None:
    world = World.of([INFO], {"job:request_total:sum": (Recording("vector(1)"),)})
    told = [analyse(name, world).faults[0].help for name in ("job:request_total", "request_total")]
    assert told == ["did you mean job:request_total:sum?", "add it to a catalog, or name a series that a catalog has"]
