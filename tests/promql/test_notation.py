"""Notations that some versions of Prometheus read and others do not."""

from __future__ import annotations

import pytest
from synthetic import CATALOG

from tocsin.promql.infer import analyse
from tocsin.promql.world import World

# expr, from which Prometheus on it is understood
NEWER = [
    ("limitk(2, sessions)", (2, 54)),
    ("sessions > 1_000", (2, 54)),
    ("sessions > 10m", (2, 54)),
    ("info(sessions)", (2, 55)),
    ('{"x.y"}', (3, 0)),
    ('requests_total{"agent"="a"}', (3, 0)),
    ('{"requests_total", code!="500"}', (3, 0)),
    ('sum by (code, "agent") (requests_total)', (3, 0)),
    ("rate(requests_total[5m + 1m])", (3, 4)),
    ("first_over_time(sessions[5m])", (3, 7)),
    ("rate(requests_total[5m] smoothed)", (3, 7)),
    ("sessions + fill (0) memory_bytes / 1000", (3, 10)),
    ("min_of(1, 2)", (3, 13)),
    ("integral(sessions[5m])", (3, 16)),
]


def told(expr: str, world: World) -> list[str]:
    """What is said of the syntax."""
    return [fault.message for fault in analyse(expr, world).faults if fault.id == "syntax"]


@pytest.mark.parametrize(("expr", "since"), NEWER)
def test_newer_notation_is_an_error_for_older_prometheus_alone(expr: str, since: tuple[int, int]) -> None:
    (message,) = told(expr, World.of([CATALOG], prometheus=(since[0], since[1] - 1)))
    assert f"needs Prometheus {since[0]}.{since[1]} or newer" in message
    assert not told(expr, World.of([CATALOG], prometheus=since))


@pytest.mark.parametrize(
    "expr",
    [
        '{__name__="x.y"}',
        'count_values("v", sessions) == 1',
        'label_replace(sessions, "a", "$1", "b", "(.*)")',
        'requests_total{code="\\"", agent="{\\"a\\"}"}',
        "sessions OFFSET 5m > rate(requests_total[5m] Offset 1h)",
        '# of the last 10m, "up" = 1, isn\'t it [300]\nsessions > 1 # offset 5, smoothed',
    ],
)
def test_what_texts_and_comments_say_is_no_notation(expr: str) -> None:
    assert not told(expr, World.of([CATALOG]))


def test_function_that_is_gone_is_an_error_for_newer_prometheus() -> None:
    expr = "holt_winters(sessions[5m], 0.5, 0.5)"
    assert not analyse(expr, World.of([CATALOG], prometheus=(2, 55))).faults
    assert [fault.id for fault in analyse(expr, World.of([CATALOG], prometheus=(3, 0))).faults] == ["syntax"]
