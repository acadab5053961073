"""Files of others in which anything stands anywhere."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from others import P99, alert, panel

from agentmetrics.catalog import CATALOG
from tocsin.checks import judge
from tocsin.reading import read_text
from tocsin.whole import of_files

ODD = (None, [], {}, "", -1, 1.5, True, ["a"], {"a": "b"}, "{{", "$x", "1e999", "sum(", "up > ", "[[", "${", 10**30)


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*above, key)
        yield from places(part, (*above, key))


@pytest.mark.parametrize("seed", range(60))
def test_nothing_that_stands_in_the_wrong_place_breaks_a_check(seed: int) -> None:
    grid = {"x": 0, "y": 0, "w": 12, "h": 8}
    variable = {"name": "ds", "type": "query", "query": "label_values(up, job)", "refresh": 2}
    documents: list[Any] = [
        {
            "groups": [
                {"name": "g", "interval": "1m", "rules": [alert(f"{P99} > 8"), {"record": "a:b:c", "expr": "up"}]}
            ]
        },
        {"title": "D", "panels": [panel(P99, gridPos=grid, repeat="ds")], "templating": {"list": [variable]}},
        {"rule_files": ["x.yaml"], "tests": [{"alert_rule_test": [{"alertname": "A", "exp_alerts": []}]}]},
    ]
    chance = random.Random(seed)
    document = chance.choice(documents)
    *way, last = chance.choice(list(places(document)))
    for key in way:
        document = document[key]
    document[last] = chance.choice(ODD)

    for one in documents:
        contents = read_text(yaml.safe_dump(one).encode(), "x.yaml", named=False)
        assert isinstance(list(judge(of_files([contents], (CATALOG,)))), list)
