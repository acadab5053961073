"""Both engines told the same: the states of a Prometheus rule and of a Grafana rule over the same values, compared.

Both rules are read as their generated files have them. `values` says what a query gives at each evaluation: a real
Prometheus, asked with `query_range`, or whoever stands in for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.promql.durations import milliseconds_of
from tocsin.promql.parse import tree_of
from tocsin.promql.tree import Node, Select
from tocsin.proving.errors import UnderivableError
from tocsin.proving.grafana import GrafanaAlert, grafana_states
from tocsin.proving.states import AlertingRule
from tocsin.proving.vectors import Labels, Vector

Values = Callable[[str], Sequence[Vector | None]]
"""A query's vector at each evaluation; None where it fails."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What two engines say after one evaluation, where it is not the same."""

    evaluation: int
    prometheus: Mapping[Labels, str]
    grafana: Mapping[Labels, str]


def differences(
    prometheus: Mapping[str, Any],
    grafana: Mapping[str, Any],
    records: Mapping[str, Node],
    interval: float,
    values: Values,
) -> list[Moment]:
    """The moments at which the two rules differ. `records` are the recording rules' expressions by their names.

    Raises UnderivableError where a rule is of a shape that is not known here.
    """
    ours = prometheus_states(prometheus, records, interval, values)
    queries = GrafanaAlert(grafana, interval).queries()
    answers = {ref: values(seen_through(expr, records).text()) for ref, expr in queries.items()}
    pairs = zip(ours, grafana_states(grafana, interval, answers), strict=True)
    return [Moment(number, one, other) for number, (one, other) in enumerate(pairs) if one != other]


def prometheus_states(
    rule: Mapping[str, Any], records: Mapping[str, Node], interval: float, values: Values
) -> Iterator[dict[Labels, str]]:
    """The states of a Prometheus rule after each evaluation."""
    hold, keep = (milliseconds_of(rule.get(name, "0s")) / 1000 for name in ("for", "keep_firing_for"))
    alert = AlertingRule(hold, keep)
    before: dict[Labels, str] = {}
    for number, vector in enumerate(values(seen_through(rule["expr"], records).text())):
        # A rule that fails is not evaluated: its alerts stay as they are.
        if vector is not None:
            before = {labels: state for labels, (state, _) in alert.evaluated(number * interval, vector).items()}
        yield before


def seen_through(expr: str, records: Mapping[str, Node]) -> Node:
    """The expression with each recorded series written out, as it is computed at the same moment."""

    def written(part: Node) -> Node | None:
        if not isinstance(part, Select) or part.name not in records:
            return None
        if part.matchers or part.offset or part.at:
            raise UnderivableError(f"`{part.text()}`, a part of a recorded series")
        return records[part.name].rewrite(written)

    return tree_of(expr).rewrite(written)
