"""What is read from an exposition, and what is said of text that is none."""

from __future__ import annotations

import contextlib
from math import inf, isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, Summary, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from tocsin.contract.exposition import Exposition, ExpositionError, Sample, parse_exposition


def registry() -> CollectorRegistry:
    made = CollectorRegistry()
    Counter("asked", "Requests\nof all\\kinds.", ["route", "tenant"], registry=made).labels('/a"b}{\\', "x,y\n=").inc(3)
    Gauge("open_sessions", "", registry=made).set(float("-inf"))
    Histogram("took_seconds", "Time.", ["route"], buckets=(0.5, 1), registry=made).labels("/").observe(0.7)
    Summary("size_bytes", "Size.", registry=made).observe(12)
    Info("build", "Build.", registry=made).info({"version": "1"})
    Counter("never", "No series yet.", ["why"], registry=made)
    return made


def told(exposition: Exposition) -> dict[str, tuple[str, str]]:
    return {family.name: (family.kind, family.help) for family in exposition.families if "created" not in family.name}


def numbers(exposition: Exposition) -> set[tuple[str, tuple[tuple[str, str], ...], float]]:
    return {
        (sample.name, tuple(sorted(sample.labels.items())), sample.value)
        for family in exposition.families
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_both_formats_of_a_real_client_are_read_alike() -> None:
    text = parse_exposition(generate_latest(registry()).decode(), "app")
    openmetrics = parse_exposition(generate_openmetrics(registry()).decode(), "app")
    assert numbers(text) == numbers(openmetrics)
    assert ("asked_total", (("route", '/a"b}{\\'), ("tenant", "x,y\n=")), 3.0) in numbers(text)
    assert ("open_sessions", (), -inf) in numbers(text)
    assert told(text)["asked_total"] == ("counter", "Requests\nof all\\kinds.") == told(openmetrics)["asked_total"]
    assert told(text)["took_seconds"] == ("histogram", "Time.") == told(openmetrics)["took_seconds"]
    assert told(text)["never_total"][0] == "counter" == told(openmetrics)["never_total"][0]


def test_timestamps_are_milliseconds_in_text_and_seconds_in_openmetrics() -> None:
    text = parse_exposition("a 1 1395066363000\n", "app")
    openmetrics = parse_exposition('# TYPE a gauge\na 1 1395066363.5 # {trace="x"} 1 2\n# EOF\n', "app")
    assert text.families[0].samples[0].timestamp == 1395066363
    assert openmetrics.families[0].samples[0].timestamp == 1395066363.5


def test_oddly_written_lines_are_read_as_prometheus_reads_them() -> None:
    text = 'a{x="1",} NaN\nb { x = "1" , y="2" }\t+Inf\r\n  \n# a remark\n{"c.d", x="}"} 1e3\n'
    found = [family.samples[0] for family in parse_exposition(text, "app").families]
    assert isnan(found[0].value)
    assert found[1:] == [Sample("b", {"x": "1", "y": "2"}, inf), Sample("c.d", {"x": "}"}, 1000.0)]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "no metrics"),
        ("<!doctype html><title>x</title>", 1, "HTML"),
        ('a 1\nb{x="1', 2, "no sample"),
        ("a 1\nb", 2, "no sample"),
        ("a 1\nb 12", 2, "cut off"),
        ("a 1\nb one\n", 2, "no sample"),
        ("a 1\nb{x=1} 1\n", 2, "no sample"),
        ("a 1\n# TYPE b coun", 2, "'coun'"),
        ("# TYPE b counter\n# TYPE b gauge\nb 1\n", 2, "counter above"),
        ("# TYPE b counter\n# UNIT b seconds\nb_total 1\n", 3, "# EOF"),
        ("# TYPE b counter\nb_total 1\n", 2, "# EOF"),
        ("a 1\n# EOF\nb 1\n", 3, "after # EOF"),
        ('# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\n', 4, "h is not whole"),
    ],
)
def test_wrong_or_cut_off_text_is_told_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(ExpositionError, match=says) as caught:
        parse_exposition(text, "app.txt")
    assert str(caught.value.source) == f"app.txt:{line}"
    assert caught.value.help


@given(st.integers(0, 100_000))
def test_a_cut_anywhere_is_an_error_or_leaves_whole_lines(place: int) -> None:
    whole = generate_openmetrics(registry()).decode()
    cut = whole[: place % (len(whole) - 1)]
    with pytest.raises(ExpositionError):
        parse_exposition(cut, "app", openmetrics=True)


@given(st.text(max_size=200))
def test_no_text_makes_the_parser_crash(text: str) -> None:
    with contextlib.suppress(ExpositionError):
        parse_exposition(f"a 1\n{text}\n", "app")
