"""What each operator makes of a rule: all its mutants, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tocsin.mutants.breaking import EXPRESSION, FIELDS, GROUPING_ADD, LENGTHS, Facts, Mutant, mutants_of
from tocsin.mutants.hints import HINTS
from tocsin.mutants.rule import Rule
from tocsin.promql.parse import tree_of
from tocsin.source import Source

KNOWN = {"errors_total": frozenset({"job", "instance", "code"})}


def mutants(operator: str, tested: str = "1m", **data: Any) -> list[Mutant]:
    rule = Rule(Source("rules.yaml", 1), 0, data, tree_of(data["expr"]))
    return [mutant for mutant in mutants_of(rule, Facts(KNOWN), tested) if mutant.operator == operator]


EXPRESSIONS = {
    "threshold-near": [
        ("x > 0.05", ["x > 0.055", "x > 0.045"]),
        ("x > 3", ["x > 4", "x > 2"]),
        ("x > 0", ["x > 1", "x > -1"]),
        ("-2 < x", ["-1 < x", "-3 < x"]),
        ("a > b", ["a > b * 1.1", "a > b * 0.9"]),
        ("a + 1", []),
        ("x > 14.4 * 0.001", ["x > 0.01584", "x > 0.01296"]),
        ("x < -(1 - 0.5)", ["x < -0.45", "x < -0.55"]),
    ],
    "threshold-far": [
        ("x > 10", ["x > 20", "x > 5"]),
        ("x > 0", []),
        ("a < b", ["a < b * 2", "a < b * 0.5"]),
    ],
    "comparison": [("x > 1", ["x < 1"]), ("x == bool 1", ["x != bool 1"])],
    "boundary": [("x > 1", ["x >= 1"]), ("x == 1", [])],
    "window": [
        ("rate(x[5m])", ["rate(x[2m30s])", "rate(x[10m])"]),
        ("max_over_time(x[1h:1m])", ["max_over_time(x[30m:1m])", "max_over_time(x[2h:1m])"]),
    ],
    "offset": [("x offset 1d", ["x"]), ("rate(x[5m] @ 100)", ["rate(x[5m])"]), ("x", [])],
    "quantile": [
        (
            "histogram_quantile(0.99, b)",
            ["histogram_quantile(0.95, b)", "histogram_quantile(0.999, b)"],
        ),
        ("quantile by (job) (0.5, x)", ["quantile by (job) (0.75, x)"]),
    ],
    "rank": [("topk(3, x)", ["topk(4, x)", "topk(2, x)"]), ("topk(1, x)", ["topk(2, x)"])],
    "number": [
        ("x * 60", ["x * 120", "x * 30"]),
        ("x * 0", ["x * 1"]),
        ("clamp_min(x, 4)", ["clamp_min(x, 8)", "clamp_min(x, 2)"]),
        ("x > 60", []),
        ("x * (60 * 60)", ["x * 7200", "x * 1800"]),
        ("x > 14.4 * 0.001", []),
        # The same numbers come of it, whichever factor is another.
        ("x / 1024 / 1024", ["x / 2048 / 1024", "x / 512 / 1024"]),
        ("x / 5 * 100", ["x / 10 * 100", "x / 2.5 * 100"]),
    ],
    "grouping-drop": [
        ("sum by (job, code) (x)", ["sum by (code) (x)", "sum by (job) (x)"]),
        ("sum without (job) (x)", ["sum without () (x)"]),
        ("sum(x)", []),
    ],
    "grouping-add": [
        ("sum by (code) (rate(errors_total[5m]))", ["sum by (code, instance) (rate(errors_total[5m]))"]),
        ("sum(errors_total)", ["sum by (code) (errors_total)"]),
        (
            "sum(sum by (job) (errors_total))",
            ["sum by (job) (sum by (job) (errors_total))", "sum(sum by (job, code) (errors_total))"],
        ),
        ("sum by (code) (unheard_of)", []),
    ],
    "matcher-drop": [
        ('x{a="1",b=~"2"}', ['x{b=~"2"}', 'x{a="1"}']),
        ('{a="1"}', []),
        (
            'x{a="1"} / y{a="1",b="2"}',
            ['x / y{b="2"}', 'x / y{a="1",b="2"}', 'x{a="1"} / y{b="2"}', 'x{a="1"} / y{a="1"}'],
        ),
    ],
    "matcher-negate": [
        ('x{a="1",b=~"2"}', ['x{a!="1",b=~"2"}', 'x{a="1",b!~"2"}']),
        (
            'x{a="1"} / y{a="1"}',
            ['x{a!="1"} / y{a!="1"}', 'x{a!="1"} / y{a="1"}', 'x{a="1"} / y{a!="1"}'],
        ),
    ],
    "join": [
        ("a / on (job, code) b", ["a / on (code) b", "a / on (job) b"]),
        ("a * on (job) group_left (team) b", ["a * on () group_left (team) b", "a * on (job) group_left () b"]),
    ],
    "swap": [
        ("a / b", ["b / a"]),
        ("a - b", ["b - a"]),
        ("a / on (job) group_left () b", ["b / on (job) group_right () a"]),
    ],
    "arithmetic": [("a + b", ["a - b"]), ("a / b", ["a * b"]), ("x > 3 * 2", [])],
    "set-operator": [("a and b", ["a or b", "a unless b"]), ("a or b", ["a and b", "a unless b"])],
    "condition": [("a and b", ["a", "b"]), ("a unless b", ["a"])],
    "fill": [("a or b * 0", ["a", "b * 0"])],
    "guard": [("a / (b > 0) > 1", ["a / b > 1"]), ("(a > 1) and (b > 2)", []), ("sum(0 < b)", ["sum(b)"])],
    "function": [("rate(x[5m])", ["increase(x[5m])"]), ("increase(x[5m])", ["rate(x[5m])"]), ("abs(x)", [])],
    "function-left-out": [("round(x, 5) > 1", ["x > 1"]), ("sort(x)", [])],
    "aggregation": [
        ("sum by (job) (x)", ["max by (job) (x)", "avg by (job) (x)"]),
        (
            "histogram_quantile(0.9, sum by (le) (x))",
            ["histogram_quantile(0.9, max by (le) (x))", "histogram_quantile(0.9, avg by (le) (x))"],
        ),
    ],
    "absent": [("absent(x)", ["x"]), ("absent_over_time(x[5m])", ["count_over_time(x[5m])"])],
}


def test_every_operator_is_shown_here_and_has_a_hint() -> None:
    assert EXPRESSIONS.keys() == {*EXPRESSION, GROUPING_ADD}
    assert HINTS.keys() == {*EXPRESSION, GROUPING_ADD, *FIELDS, *LENGTHS}


@pytest.mark.parametrize("operator", EXPRESSIONS)
def test_operator_makes_these_mutants(operator: str) -> None:
    for expr, expected in EXPRESSIONS[operator]:
        found = mutants(operator, record="r", expr=expr)
        assert [mutant.after for mutant in found] == expected
        assert all(mutant.data["expr"] == mutant.after for mutant in found)


def test_hold_is_a_little_off_halved_doubled_dropped_or_added() -> None:
    held = mutants("for", alert="A", expr="x > 1", **{"for": "5m"})
    assert [mutant.after for mutant in held] == ["4m", "5m30s", "2m30s", "10m", "0s"]
    assert [mutant.data.get("for") for mutant in held] == ["4m", "5m30s", "2m30s", "10m", None]
    assert [mutant.data["for"] for mutant in mutants("for", alert="A", expr="x > 1")] == ["5m"]
    assert mutants("for", record="r", expr="x") == []


def test_field_that_is_empty_says_nothing() -> None:
    held = mutants("for", alert="A", expr="x > 1", **{"for": None})
    assert [(mutant.before, mutant.after) for mutant in held] == [("0s", "5m")]
    assert [mutant.after for mutant in mutants("annotation", alert="A", expr="x", annotations={"a": None})] == ["not: "]
    assert [mutant.after for mutant in mutants("label", alert="A", expr="x", labels={"a": None})] == ["not-", ""]


@pytest.mark.parametrize(
    ("held", "tested", "near"),
    [
        ("1h", "1m", ["54m", "1h6m"]),
        ("5m", "15s", ["4m30s", "5m30s"]),
        ("5m", "45s", ["4m30s", "5m30s"]),  # the sixth evaluation, the seventh, the eighth
        ("5m", "58s", ["4m30s", "5m49s"]),  # five minutes and a half end at the sixth too
        ("5m", "70s", ["4m30s", "5m51s"]),
        ("2m", "1m", []),  # half is as near as can be told apart
    ],
)
def test_little_is_a_tenth_and_no_less_than_the_tests_can_see(held: str, tested: str, near: list[str]) -> None:
    found = [mutant.after for mutant in mutants("for", tested, alert="A", expr="x > 1", **{"for": held})]
    assert found[: len(near)] == near
    assert len(found) == len(near) + 3


def test_keep_firing_for_is_a_little_off_halved_doubled_or_dropped() -> None:
    kept = mutants("keep-firing", alert="A", expr="x > 1", keep_firing_for="4m")
    assert [mutant.data.get("keep_firing_for") for mutant in kept] == ["3m", "4m24s", "2m", "8m", None]
    assert mutants("keep-firing", alert="A", expr="x > 1") == []


def test_label_has_another_value_or_is_gone() -> None:
    found = mutants("label", alert="A", expr="x", labels={"severity": "warning", "team": "a"})
    assert [mutant.data["labels"] for mutant in found] == [
        {"severity": "critical", "team": "a"},
        {"team": "a"},
        {"severity": "warning", "team": "not-a"},
        {"severity": "warning"},
    ]


def test_annotation_says_something_else() -> None:
    annotations = {"summary": "It burns", "value": "at {{ $value | humanizePercentage }} of {{ $labels.job }}"}
    found = mutants("annotation", alert="A", expr="x", annotations=annotations)
    assert [mutant.after for mutant in found] == [
        "not: It burns",
        "at 0 of {{ $labels.job }}",
        "at {{ $value }} of {{ $labels.job }}",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{{ $value | printf "%.1f" }}', ["0", "{{ $value }}"]),
        ('{{ printf "%.2f" $value }}', ["0", "{{ $value }}"]),
        ('{{ $value | humanize | printf "%s%%" -}}', ["0", "{{ $value | humanize -}}"]),
        ("{{ humanizeDuration .Value }}", ["0", "{{ .Value }}"]),
        ("{{ $value }}", ["0"]),
        ("{{ $x := $value }}{{ $x }}", ["{{ $x := 0.0 }}{{ $x }}"]),
        ("{{ $x := $q.Value }}{{ $x }}", ["{{ $x := 0.0 }}{{ $x }}"]),
        ("{{- $x = .Value | humanize }}{{ $x }}", ["{{- $x = 0.0 | humanize }}{{ $x }}", "{{- $x = .Value }}{{ $x }}"]),
        (
            "{{ if gt $value 5.0 }}many{{ else }}few{{ end }}",
            ["not: {{ if gt $value 5.0 }}many{{ else }}few{{ end }}", "{{ if not (gt $value 5.0) }}many{{ else }}few"],
        ),
    ],
)
def test_value_is_printed_without_its_format_and_no_template_is_torn(text: str, expected: list[str]) -> None:
    found = mutants("annotation", alert="A", expr="x", annotations={"summary": text})
    assert [mutant.after.removesuffix("{{ end }}") for mutant in found] == [
        one.removesuffix("{{ end }}") for one in expected
    ]


def test_record_loses_its_name() -> None:
    assert [mutant.data["record"] for mutant in mutants("record", record="a:b:c", expr="x")] == ["a:b:c:lost"]


def test_each_mutant_is_there_once() -> None:
    rule = Rule(Source("rules.yaml", 1), 0, {"alert": "A", "expr": "x > 1"}, tree_of("x > 1"))
    texts = [mutant.after for mutant in mutants_of(rule, Facts(), "1m") if mutant.operator != "for"]
    # A threshold of 1 that is one higher is also doubled.
    assert sorted(texts) == ["x < 1", "x > 0", "x > 0.5", "x > 2", "x >= 1"]


def test_rule_whose_expression_is_beyond_us_has_the_mutants_of_its_fields(tmp_path: Path) -> None:
    rule = Rule(Source(str(tmp_path), 1), 0, {"alert": "A", "expr": "x >>> 1"}, None)
    assert {mutant.operator for mutant in mutants_of(rule, Facts(), "1m")} == {"for"}
