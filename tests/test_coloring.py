"""Colours: green where all is well, amber beyond a target, the alert's colour beyond its threshold."""

from __future__ import annotations

from tocsin.coloring import steps_of
from tocsin.define import (
    CRITICAL,
    INFO,
    RATIO,
    WARNING,
    Alert,
    Definitions,
    Indicator,
    Site,
    Stat,
    at_least,
    at_most,
    between,
    percent,
    promql,
)
from tocsin.model.alert import Severity
from tocsin.model.indicator import Condition, Target
from tocsin.plan import Plan

AMBER = "#EAB839"


def colors(target: Target | None, *alerts: tuple[str, str, Severity]) -> list[tuple[float, str]]:
    """The colour from minus infinity on, and from each step on."""
    indicator = Indicator(promql("busy"), title="Busy", unit=RATIO, target=target)
    made = tuple(
        Alert(
            f"Alert{number}",
            when=Condition(indicator, operator, percent(bound)),  # type: ignore[arg-type]
            severity=severity,
            summary="",
            description="",
            runbook="",
        )
        for number, (operator, bound, severity) in enumerate(alerts)
    )
    plan = Plan(
        Definitions(site=Site(runbooks_url="https://runbooks.example.com"), indicators={"busy": indicator}, alerts=made)
    )
    steps, base = steps_of(plan, Stat(indicator), RATIO)
    return [(float("-inf"), base), *((step.value, step.color) for step in steps)]


def test_values_that_nobody_judges_are_blue() -> None:
    assert colors(None) == [(float("-inf"), "blue")]


def test_rising_values_turn_amber_then_the_alerts_colour() -> None:
    found = colors(at_most(percent(1)), (">", "5", WARNING), (">", "10", CRITICAL))
    assert [color for _, color in found] == ["green", AMBER, "orange", "red"]
    assert [value for value, _ in found[1:]] == [0.01, 0.05, 0.1]


def test_falling_values_turn_amber_then_the_alerts_colour() -> None:
    assert colors(at_least(percent(99)), ("<", "90", CRITICAL))[0][1] == "red"
    assert [color for _, color in colors(at_least(percent(99)), ("<", "90", CRITICAL))] == ["red", AMBER, "green"]


def test_a_band_is_green_inside() -> None:
    found = colors(between(percent(40), percent(80), red=percent(95)))
    assert [color for _, color in found] == [AMBER, "green", AMBER, "red"]


def test_red_below_and_the_worse_of_two_alerts_at_one_bound() -> None:
    assert [color for _, color in colors(at_least(percent(50), red=percent(50)))] == ["red", "green"]
    assert [color for _, color in colors(None, (">", "5", INFO), (">", "5", CRITICAL))] == ["green", "red"]


def test_nothing_at_all_is_green_under_an_alert_above_zero() -> None:
    (_, base), (step, color) = colors(None, (">", "0", CRITICAL))
    assert (base, color) == ("green", "red")
    assert 0 < step < 0.001
