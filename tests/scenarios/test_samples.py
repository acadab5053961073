"""Scenarios become samples: exact, in order, and never on the edge of a range."""

from __future__ import annotations

from decimal import Decimal

import pytest

from agentmetrics.catalog import agent_request_duration, llm_cost, tenant_daily_budget
from agentmetrics.exporters.prometheus import up
from tocsin.findings import DefinitionError, TocsinError
from tocsin.metrics import Selection
from tocsin.model.amounts import a_day, a_minute, a_second
from tocsin.model.scenario import Feed, Scenario, feeds, growing, holding, observing, serving, silence
from tocsin.model.spacing import MOST_SCRAPES, spacing_of
from tocsin.promql.durations import milliseconds_of
from tocsin.scenarios.openmetrics import exposition
from tocsin.scenarios.promtool import notation
from tocsin.scenarios.samples import STALE, Sample, series_of

SPENT = llm_cost(model="m", tenant_id="acme", agent_name="a")
SPACING = Decimal(spacing_of(15_000)) / 1000


def samples(feed: Feed, **scenario: tuple[str, ...]) -> tuple[Sample, ...]:
    (series,) = series_of(Scenario("s", feed, **scenario))
    return series.samples


def numbers(text: str) -> list[float | Sample]:
    """promtool's notation, expanded as promtool does: in floats, one step after the other."""
    found: list[float | Sample] = []
    for part in text.split():
        value, _, times = part.partition("x")
        if value == "_":
            found += [None] * (int(times) if times else 1)
            continue
        if value == "stale":
            found.append(STALE)
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
    """The edges are multiples of the interval, as evaluations and windows are, or of 10 s."""
    interval = milliseconds_of(every)
    for last in (1000, 2000, 5000, MOST_SCRAPES):
        spacing = spacing_of(interval, last * interval)
        assert spacing % 27 == 0
        assert 0.98 * interval < spacing < interval
        assert all(scrape * spacing % 10_000 for scrape in range(1, last + 1))
        assert all(scrape * spacing % interval for scrape in range(1, 1000))


def test_spacing_of_a_short_scenario_is_the_nearest() -> None:
    assert [spacing_of(15_000, 15_000 * last) for last in (4, 1999, 2000, 5000)] == [14_985, 14_985, 14_958, 14_931]


def test_scenario_that_cannot_keep_off_the_edges_is_refused() -> None:
    with pytest.raises(DefinitionError, match="'long' is scraped 10000 times") as refused:
        Scenario("long", Feed(SPENT, growing(1, lasting="150000s")))
    assert "longer every=" in refused.value.help
    assert Scenario("shorter", Feed(SPENT, growing(1, lasting="149985s"))).spacing == 14_931


def test_ramp_ends_where_it_says() -> None:
    moved = samples(Feed(tenant_daily_budget(tenant_id="t"), holding(10, to=40, lasting="1m")))
    assert moved == (None, 10, 20, 30, 40)
    grown = samples(Feed(SPENT, growing(a_second(0), to=a_second(8), lasting="1m")))
    assert list(grown[1:]) == [0, 3 * SPACING, 8 * SPACING, 15 * SPACING]


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
    assert counter.samples == (None, 0, SPACING, 2 * SPACING, STALE, 2 * SPACING, 3 * SPACING)
    assert gauge.samples == (None, 7, 7, 7, STALE, 7, 7)


def test_series_appears_late_and_misses_a_scrape_while_it_goes_on() -> None:
    found = samples(Feed(SPENT, growing(a_second(1), lasting="1m"), late="30s"), missed=("1m",))
    assert found == (None, None, 0, SPACING, STALE, 3 * SPACING)


def test_silence_is_one_marker_and_then_nothing() -> None:
    found = samples(Feed(SPENT, growing(a_second(1), lasting="30s"), silence(lasting="30s")))
    assert found == (None, 0, SPACING, STALE, None)


def test_two_missed_scrapes_are_one_marker_and_one_before_the_first_sample_is_none() -> None:
    found = samples(Feed(SPENT, growing(0, lasting="1m"), late="30s"), missed=("15s", "30s", "45s", "1m"))
    assert found == (None, None, None, None, None, 0)
    found = samples(Feed(SPENT, growing(0, lasting="1m")), missed=("30s", "45s"))
    assert found == (None, 0, STALE, None, 0)


def test_series_that_ends_before_its_scenario_is_gone_and_at_the_scenarios_end_is_none() -> None:
    ends, stays = series_of(
        Scenario(
            "s",
            Feed(tenant_daily_budget(tenant_id="a"), holding(1, lasting="30s")),
            Feed(tenant_daily_budget(tenant_id="b"), holding(1, lasting="30s"), late="30s"),
        )
    )
    assert ends.samples == (None, 1, 1, STALE)
    assert stays.samples == (None, None, 1, 1)


def test_prometheus_itself_says_that_a_scrape_failed() -> None:
    of = up(job="j", instance="i", namespace="n", pod="p")
    assert samples(Feed(of, holding(1, lasting="1m"), missed=("30s",))) == (None, 1, 0, 1, 1)
    assert samples(Feed(of, holding(1, lasting="30s"), silence(lasting="30s"), missed=("45s",))) == (
        *(None, 1, 1, STALE, None),
    )


def test_openmetrics_has_no_marker_and_no_sample_either() -> None:
    feed = Feed(tenant_daily_budget(tenant_id="a"), holding(7, lasting="1m"), missed=("30s",))
    lines = exposition([(Scenario("s", feed), Decimal(0))]).splitlines()
    assert [line.split()[-1] for line in lines[1:-1]] == ["14.9851", "44.9551", "59.9401"]


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
        if isinstance(found, float) and isinstance(wanted, Decimal):
            assert abs(found - float(wanted)) < 1e-9
        else:
            assert found is wanted
    seen = [value for value in read if isinstance(value, float)]
    assert STALE in read
    assert seen == sorted(seen)


def test_counter_that_stands_still_does_so_to_the_last_bit() -> None:
    """Who asks for more than nothing must not take a bit of a float for an event."""
    for flow in range(1, 60):
        read = numbers(notation(samples(Feed(SPENT, growing(flow, lasting="15m"), growing(0, lasting="1m")))))
        assert len(set(read[-5:])) == 1, flow


def test_falling_gauge_is_written_with_a_minus() -> None:
    assert notation((None, Decimal(4), Decimal(3), Decimal(2), None, None)) == "_ 4-1x2 _x2"


def test_marker_is_written_as_promtool_knows_it() -> None:
    """It has no word for several: `stalex3` is refused."""
    assert notation((None, Decimal(4), STALE, None, None, Decimal(4), STALE)) == "_ 4 stale _x2 4 stale"
