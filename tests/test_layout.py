from itertools import combinations

from agentmetrics.catalog import agent_active_sessions
from tocsin.define import Dashboard, Indicator, Row, Stat, TimeSeries, total
from tocsin.layout import COLUMNS, Place, placed_panels

sessions = Indicator(total(agent_active_sessions), title="Sessions", description="Open now.")


def stat(title: str, width: int | None = None) -> Stat:
    return Stat(sessions, title=title, width=width)


def placed(*rows: Row) -> list[Place]:
    return list(placed_panels(Dashboard("D", uid="d", rows=rows)))


def overlap(one: Place, other: Place) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    apart = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not (beside or apart)


def test_panels_share_their_row() -> None:
    places = placed(Row("R", *(stat(f"S{number}") for number in range(4))))
    assert [(place.x, place.width) for place in places[1:]] == [(0, 6), (6, 6), (12, 6), (18, 6)]


def test_widths_fill_the_row_when_they_do_not_divide_it() -> None:
    places = placed(Row("R", *(stat(f"S{number}") for number in range(5))))
    assert [place.width for place in places[1:]] == [5, 5, 5, 5, 4]


def test_stated_widths_begin_a_new_line_when_the_row_is_full() -> None:
    places = placed(Row("R", stat("a", 12), stat("b", 12), stat("c", 8), stat("d", 8), stat("e", 8)))
    assert [(place.x, place.y) for place in places[1:]] == [(0, 1), (12, 1), (0, 6), (8, 6), (16, 6)]


def test_panels_of_a_line_are_as_high_as_the_highest() -> None:
    places = placed(Row("R", stat("a"), TimeSeries(sessions, title="b")))
    assert {place.height for place in places[1:]} == {TimeSeries.HEIGHT}


def test_nothing_overlaps_or_leaves_the_grid() -> None:
    rows = [Row(f"R{number}", *(stat(f"S{place}") for place in range(number))) for number in range(1, 15)]
    places = placed(*rows)
    assert all(place.x + place.width <= COLUMNS for place in places)
    assert not any(overlap(one, other) for one, other in combinations(places, 2))


def test_ids_are_unique_and_stay_when_a_panel_comes_before() -> None:
    before = {place.of.title: place.id for place in placed(Row("R", stat("a"), stat("b")))}
    after = {place.of.title: place.id for place in placed(Row("R", stat("new"), stat("a"), stat("b")))}
    assert {title: after[title] for title in before} == before
    same = placed(Row("R", stat("a"), stat("a"), stat("a")))
    assert len({place.id for place in same}) == len(same)
