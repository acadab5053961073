"""PromQL in the words of its users: rate, increase, quantile, ratio, share.

Each takes a metric of a catalog, or a selection of its series (`llm_tokens(token_type="input")`), and gives an
expression. `by` names the labels that remain; without it one series remains. A window that nobody states is 5m in
a rule and `$__rate_interval` in a panel.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from tocsin.metrics import ContractError, Counter, Gauge, Histogram, Label, Matcher, Metric, Selection, bound_text
from tocsin.promql.durations import duration_text, milliseconds_of
from tocsin.promql.parse import tree_of
from tocsin.promql.tree import (
    ADAPTIVE,
    SHOWN,
    Aggregate,
    Binary,
    Call,
    Matching,
    Node,
    Number,
    Operand,
    Range,
    Select,
    Subquery,
    Window,
    operand,
)
from tocsin.units import Quantity

__all__ = [
    "ADAPTIVE",
    "SHOWN",
    "above_zero",
    "absent",
    "average",
    "average_of",
    "averaged_over",
    "beyond",
    "clock",
    "complement",
    "increase",
    "joined",
    "latest",
    "maximum",
    "minimum",
    "or_default",
    "per_minute",
    "promql",
    "quantile",
    "rate",
    "ratio",
    "share",
    "shifted",
    "sum_by",
    "summed_over",
    "total",
]

Series = Metric | Selection
_A_MINUTE = 60_000
By = Label | str | Iterable[Label | str]


def promql(text: str) -> Node:
    """Any PromQL. It is parsed and checked like the rest. Raises PromQLError."""
    return tree_of(text)


def _names(by: By) -> tuple[str, ...]:
    if isinstance(by, Label | str):
        return (str(by),)
    return tuple(str(label) for label in by)


def _selected(series: Series, *kinds: type[Metric]) -> tuple[Metric, tuple[Matcher, ...]]:
    metric, matchers = (series.metric, series.matchers) if isinstance(series, Selection) else (series, ())
    if not isinstance(metric, kinds):
        wanted = " or ".join(kind.__name__.lower() for kind in kinds)
        hint = "; take its .count or .sum" if isinstance(metric, Histogram) else ""
        raise ContractError(f"{metric.name} is a {type(metric).__name__.lower()}, not a {wanted}{hint}")
    return metric, matchers


def _grouped(metric: Metric, by: By) -> tuple[str, ...]:
    return tuple(metric.label(name).name for name in _names(by))


def _window(over: str | Window | None) -> Window:
    if over is None:
        return ADAPTIVE
    if isinstance(over, Window):
        return over
    milliseconds_of(over)
    return Window(over)


def _over_range(function: str, series: Series, by: By, over: str | Window | None) -> Node:
    metric, matchers = _selected(series, Counter)
    ranged = Call(function, (Range(Select(metric.name, matchers), _window(over)),))
    return Aggregate("sum", ranged, _grouped(metric, by) or None)


def rate(series: Series, *, by: By = (), over: str | Window | None = None) -> Node:
    """How much a counter grows a second."""
    return _over_range("rate", series, by, over)


def per_minute(series: Series, *, by: By = (), over: str | Window | None = None) -> Node:
    """How much a counter grows a minute."""
    return rate(series, by=by, over=over) * 60


def increase(series: Series, *, by: By = (), over: str | Window | None = None) -> Node:
    """How much a counter grew over the window."""
    return _over_range("increase", series, by, over)


def quantile(q: str | float | Decimal, series: Series, *, by: By = (), over: str | Window | None = None) -> Node:
    """The value that a share `q` of a histogram's observations did not exceed: `quantile("0.99", ...)`."""
    histogram, matchers = _selected(series, Histogram)
    assert isinstance(histogram, Histogram)
    share_of = Decimal(str(q))  # 0.99 is what was written, not the float nearest to it
    if not 0 <= share_of <= 1:
        raise ValueError(f"a quantile is a share between 0 and 1, not {q}: the 99th percentile is 0.99")
    ranged = Call("rate", (Range(Select(histogram.bucket.name, matchers), _window(over)),))
    buckets = Aggregate("sum", ranged, (*_grouped(histogram, by), "le"))
    return Call("histogram_quantile", (Number(share_of), buckets))


def average(series: Series, *, by: By = (), over: str | Window | None = None) -> Node:
    """The mean of a histogram's observations; no series where there were none."""
    histogram, matchers = _selected(series, Histogram)
    assert isinstance(histogram, Histogram)
    of_sum = rate(Selection(histogram.sum, matchers), by=by, over=over)
    return of_sum / above_zero(rate(Selection(histogram.count, matchers), by=by, over=over))


def above_zero(node: Node) -> Node:
    """Only the series above 0: a divisor that cannot give NaN or Inf."""
    return Binary(">", node, Number(Decimal(0)))


def ratio(part: Series, whole: Series, *, by: By = (), over: str | Window | None = None) -> Node:
    """Which share of one counter's growth another's is: errors of requests.

    Where nothing of the part has happened yet it is 0, not missing; where there is no whole there is no ratio, not
    NaN.
    """
    of_part = rate(part, by=by, over=over)
    of_whole = rate(whole, by=by, over=over)
    return Binary("or", of_part, of_whole * 0) / above_zero(of_whole)


def beyond(series: Series, bound: Quantity, *, by: By = (), over: str | Window | None = None) -> Node:
    """Which share of a histogram's observations lie above one of its bounds: requests that take longer than 10 s."""
    histogram, matchers = _selected(series, Histogram)
    assert isinstance(histogram, Histogram)
    number = bound.to(histogram.unit)
    if number not in [Decimal(str(one)) for one in histogram.buckets]:
        bounds = ", ".join(f"{one:g}" for one in histogram.buckets)
        raise ContractError(f"{histogram.name} has no bound at {bound}: it has {bounds} {histogram.unit}")
    upto = Matcher("le", "=", bound_text(float(number)))
    all_of_them = rate(Selection(histogram.count, matchers), by=by, over=over)
    within = rate(Selection(histogram.bucket, (*matchers, upto)), by=by, over=over)
    return (all_of_them - within) / above_zero(all_of_them)


def complement(node: Node) -> Node:
    """What is left of the whole: 1 - ratio."""
    return 1 - node


def _aggregated(operator: str, series: Series | Node, by: By, over: str | Window | None = None) -> Node:
    if isinstance(series, Node):
        if over is not None:
            raise ValueError("an expression has its windows already: only a gauge is looked back on")
        return Aggregate(operator, series, _names(by) or None)
    metric, matchers = _selected(series, Gauge)
    read: Node = Select(metric.name, matchers)
    if over is not None:
        read = Call("last_over_time", (Range(Select(metric.name, matchers), _window(over)),))
    return Aggregate(operator, read, _grouped(metric, by) or None)


def total(gauge: Series, *, by: By = (), over: str | Window | None = None) -> Node:
    """The sum of a gauge's series.

    With `over` each counts with the last value that it had in that time: a missed scrape does not take it away.
    """
    return _aggregated("sum", gauge, by, over)


def maximum(gauge: Series, *, by: By = (), over: str | Window | None = None) -> Node:
    """The largest of a gauge's series: for values that several exporters repeat. `over` as for `total`."""
    return _aggregated("max", gauge, by, over)


def minimum(gauge: Series, *, by: By = (), over: str | Window | None = None) -> Node:
    """The smallest of a gauge's series. `over` as for `total`."""
    return _aggregated("min", gauge, by, over)


def average_of(gauge: Series, *, by: By = (), over: str | Window | None = None) -> Node:
    """The mean of a gauge's series. `over` as for `total`."""
    return _aggregated("avg", gauge, by, over)


def joined(node: Node, other: Node, *, on: By) -> Node:
    """The series of an expression for which the other has one too, with the same values of these labels."""
    return Binary("and", node, other, Matching(_names(on)))


def clock() -> Node:
    """Now, in seconds since 1970: less a timestamp it is an age."""
    return Call("time")


def latest(series: Series) -> Node:
    """Every series as it is, with all its labels."""
    metric, matchers = _selected(series, Gauge)
    return Select(metric.name, matchers)


def absent(series: Series) -> Node:
    """1 where no series is there at all, and nothing where one is."""
    metric, matchers = _selected(series, Counter, Gauge)
    return Call("absent", (Select(metric.name, matchers),))


def summed_over(node: Node, window: str, *, every: str) -> Node:
    """The sum of an expression's values over the window, one value `every` so often: the days of a month."""
    return Call("sum_over_time", (_repeated(node, window, every),))


def averaged_over(node: Node, window: str, *, every: str) -> Node:
    """The mean of an expression's values over the window, one value `every` so often."""
    return Call("avg_over_time", (_repeated(node, window, every),))


def _repeated(node: Node, window: str, every: str) -> Node:
    """A subquery that ends a little before now: no step lies on an edge, where Prometheus 2 and 3 count differently."""
    milliseconds_of(window)
    before = min(milliseconds_of(every) // 2, _A_MINUTE)
    return Subquery(node, Window(window), every, offset=duration_text(before))


def shifted(node: Node, back: str) -> Node:
    """The expression as it was so long ago."""
    milliseconds_of(back)

    def earlier(part: Node) -> Node | None:
        if not isinstance(part, Select):
            return None
        if part.offset is not None:
            raise ValueError(f"{part.name} is shifted already, by {part.offset}")
        return replace(part, offset=back)

    return node.rewrite(earlier)


def sum_by(node: Node, by: By = ()) -> Node:
    """The sum of an expression's series."""
    return _aggregated("sum", node, by)


def max_by(node: Node, by: By = ()) -> Node:
    """The largest of an expression's series."""
    return _aggregated("max", node, by)


def share(node: Node, *, of: By) -> Node:
    """Each label value's share of the whole; the expression has that label alone."""
    whole = above_zero(Aggregate("sum", node))
    return Binary("/", node, whole, Matching(_names(of), ignoring=True, group="left"))


def or_default(node: Node, default: Operand, *, for_each: Node) -> Node:
    """The expression, with a default for each series of `for_each` that it has no value for."""
    return Binary("or", node, for_each * 0 + operand(default))
