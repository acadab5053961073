"""Scenarios become samples: exact, in order, and never on the edge of a range."""

from __future__ import annotations

from decimal import Decimal

import pytest

from agentmetrics.catalog import agent_request_duration, llm_cost, tenant_daily_budget
from tocsin.findings import TocsinError
from tocsin.metrics import Selection
from tocsin.model.amounts import a_day, a_minute, a_second
from tocsin.model.scenario import Feed, Scenario, feeds, growing, holding, observing, serving, silence
from tocsin.promql.durations import milliseconds_of
from tocsin.scenarios.promtool import notation
from tocsin.scenarios.samples import series_of, spacing_of

SPENT = llm_cost(model="m", tenant_id="acme", agent_name="a")
SPACING = Decimal(spacing_of(15_000)) / 1000


def samples(feed: Feed, **scenario: tuple[str, ...]) -> tuple[Decimal | None, ...]:
    (series,) = series_of(Scenario("s", feed, **scenario))
    return series.samples


def numbers(text: str) -> list[float | None]:
    """promtool's notation, expanded as promtool does: in floats, one step after the other."""
    found: list[float | None] = []
    for part in text.split():
        value, _, times = part.partition("x")
        if value == "_":
            found += [None] * (int(times) if times else 1)
            continue
        sign = "-" if "-" in value[1:] else "+"
        start, _, step = value.partition(sign) if sign in value else (value, "", "0")
        number = float(start)
        found.append(number)
        for _ in range(int(times or 0)):
            number += float(sign + step)
            found.append(number)
    return found


def test_money_a_day_is_exact_from_scrape_to_scrape() -> None:
    found = samples(Feed(SPENT, growing(a_day(86400), lasting="1m")))
    assert found == (None, 0, SPACING, 2 * SPACING, 3 * SPACING)


@pytest.mark.parametrize("every", ["10s", "15s", "30s", "1m", "5m", "30m", "15h"])
def test_no_scrape_lies_on_the_edge_of_a_range(every: str) -> None:
    """The edges are multiples of the interval, as evaluations and windows are."""
    interval = milliseconds_of(every)
    assert all(scrape * spacing_of(interval) % interval for scrape in range(1, 1000))


def test_ramp_ends_where_it_says() -> None:
    moved = samples(Feed(tenant_daily_budget(tenant_id="t"), holding(10, to=40, lasting="1m")))
    assert moved == (None, 10, 20, 30, 40)
    grown = samples(Feed(SPENT, growing(a_second(0), to=a_second(8), lasting="1m")))
    assert [value for value in grown if value is not None] == [0, 3 * SPACING, 8 * SPACING, 15 * SPACING]


def test_reset_starts_again_from_nothing_and_goes_on() -> None:
    found = samples(Feed(SPENT, growing(a_second(1), lasting="1m30s"), resets=("1m",)))
    assert found == (None, 0, SPACING, 2 * SPACING, SPACING, 2 * SPACING, 3 * SPACING)


def test_restart_misses_a_scrape_and_resets_every_counter_but_no_gauge() -> None:
    counter, gauge = series_of(
        Scenario(
            "s",
            Feed(SPENT, growing(a_second(1), lasting="1m30s")),
            Feed(tenant_daily_budget(tenant_id="acme"), holding(7, lasting="1m30s")),
            restarts=("1m",),
        )
    )
    assert counter.samples == (None, 0, SPACING, 2 * SPACING, None, 2 * SPACING, 3 * SPACING)
    assert gauge.samples == (None, 7, 7, 7, None, 7, 7)


def test_series_appears_late_and_misses_a_scrape_while_it_goes_on() -> None:
    found = samples(Feed(SPENT, growing(a_second(1), lasting="1m"), late="30s"), missed=("1m",))
    assert found == (None, None, 0, SPACING, None, 3 * SPACING)


def test_silence_is_no_sample() -> None:
    found = samples(Feed(SPENT, growing(a_second(1), lasting="30s"), silence(lasting="30s")))
    assert found == (None, 0, SPACING, None, None)


def test_mix_fills_buckets_sum_and_count() -> None:
    of = agent_request_duration(agent_name="a", model="m", tenant_id="t")
    shared = Feed(of, serving(a_minute(40), {"1.5": "90%", 20: "10%"}, lasting="30s"))
    counted = Feed(of, observing({"1.5": 36, 20: 4}, lasting="30s"))
    every = list(series_of(Scenario("s", shared)))
    last = {(series.name, dict(series.labels).get("le")): series.samples[-1] for series in every}
    per_scrape = SPACING / 60
    assert last["agent_request_duration_seconds_bucket", "1.0"] == 0
    assert last["agent_request_duration_seconds_bucket", "2.0"] == 36 * per_scrape
    assert last["agent_request_duration_seconds_bucket", "+Inf"] == 40 * per_scrape
    assert last["agent_request_duration_seconds_sum", None] == (36 * Decimal("1.5") + 4 * 20) * per_scrape
    assert every == list(series_of(Scenario("s", counted)))


def test_shares_that_are_not_the_whole_are_refused() -> None:
    with pytest.raises(TocsinError, match="not the whole"):
        serving(a_minute(40), {1: "90%", 20: "20%"}, lasting="1m")


def test_several_label_sets_are_fed_alike() -> None:
    made = feeds(llm_cost, growing(a_day(9), lasting="1m"), model=("m", "n"), tenant_id=("t", "u"), agent_name="a")
    assert len({str(feed.series.matchers) for feed in made}) == 4
    assert all(isinstance(feed.series, Selection) for feed in made)


def test_promtool_reads_the_samples_back_and_sees_no_counter_fall() -> None:
    feed = Feed(
        SPENT,
        growing("1.998", lasting="5m"),
        growing(0, lasting="2m"),
        silence(lasting="1m"),
        growing("0.7", lasting="5m"),
        growing(0, lasting="5m"),
        late="1m",
    )
    exact = samples(feed)
    read = numbers(notation(exact))
    assert len(read) == len(exact)
    for found, wanted in zip(read, exact, strict=True):
        assert (found is None) == (wanted is None)
        if found is not None and wanted is not None:
            assert abs(found - float(wanted)) < 1e-9
    seen = [value for value in read if value is not None]
    assert seen == sorted(seen)


def test_falling_gauge_is_written_with_a_minus() -> None:
    assert notation((None, Decimal(4), Decimal(3), Decimal(2), None, None)) == "_ 4-1x2 _x2"
