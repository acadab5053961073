"""Random PromQL over the synthetic catalog: valid, and of every shape that the analysis makes claims about."""

from __future__ import annotations

import random
from collections.abc import Callable

from synthetic import CATALOG

from tocsin.metrics import Counter, Gauge, Metric

_SERIES: list[Metric] = list(CATALOG.series().values())
_COUNTERS = [metric for metric in _SERIES if isinstance(metric, Counter)]
_GAUGES = [metric for metric in _SERIES if isinstance(metric, Gauge)]
_BUCKETS = ["duration_seconds_bucket", "shift_seconds_bucket"]
_LABELS = ["agent", "code", "tenant", "job", "instance", "le", "nothing"]
_VALUES = {
    "agent": ["planner", "writer", "planner|critic", "p.*", "nobody", ""],
    "code": ["200", "500", "5..", "404|500", "4.+|2.+"],
    "tenant": ["acme", "umbrella", "acme|umbrella", ".*"],
    "job": ["agents", ".+"],
    "instance": ["a:9090", ".*:9090"],
    "le": ["0.5", "1.0", "+Inf", r"5.0|\\+Inf"],
    "nothing": ["", "x", ".*"],
}
_NUMBERS = ["0", "1", "2", "0.5", "60", "100", "-1", "1000", "-0.25"]
_MATH = "abs ceil floor sgn sqrt exp ln log2 log10 round deg rad"
_MATH += " sin cos tan atan asin acos sinh cosh tanh asinh acosh atanh"
_DATES = "minute hour day_of_week day_of_month day_of_year days_in_month month year"
_OVER_TIME = "avg min max sum count last stddev stdvar present"
_AGGREGATIONS = ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"]
_ARITHMETIC = ["+", "-", "*", "/", "%", "^", "atan2"]
_COMPARISONS = [">", "<", ">=", "<=", "==", "!="]


class Author:
    """Writes expressions. `chance` decides."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def expression(self) -> str:
        return self.vector(self.chance.choice((1, 2, 2, 3, 3, 4)))

    def one_of(self, *choices: Callable[[], str]) -> str:
        return self.chance.choice(choices)()

    def vector(self, depth: int) -> str:
        if depth <= 0:
            return self.one_of(self.selector, self.selector, self.growth, self.growth, self.constant)
        return self.one_of(
            lambda: self.growth(),
            lambda: self.aggregation(depth),
            lambda: self.aggregation(depth),
            lambda: self.aggregation(depth),
            lambda: self.with_number(depth),
            lambda: self.with_number(depth),
            lambda: self.joined(depth),
            lambda: self.joined(depth),
            lambda: self.set_operation(depth),
            lambda: self.function(depth),
            lambda: self.quantile(depth),
            lambda: self.over_time(depth),
            lambda: self.share(),
            lambda: self.filled(),
            lambda: f"-{self.operand(depth)}",
            lambda: self.relabelled(depth),
            lambda: self.absent(depth),
            lambda: f"vector({self.scalar(depth)})",
        )

    def operand(self, depth: int) -> str:
        return f"({self.vector(depth - 1)})"

    def scalar(self, depth: int) -> str:
        return self.one_of(
            lambda: self.chance.choice(_NUMBERS),
            lambda: self.chance.choice(_NUMBERS),
            lambda: f"scalar({self.vector(min(depth, 2) - 1)})",
            lambda: "time()",
            lambda: "pi()",
            lambda: f"({self.chance.choice(_NUMBERS)} * {self.chance.choice(_NUMBERS)})",
        )

    def matchers(self, metric: Metric) -> str:
        labels = [*metric.label_names, "job", "instance"]
        found = []
        for _ in range(self.chance.choice((0, 0, 0, 1, 1, 2))):
            label = self.chance.choice(labels) if self.chance.random() < 0.9 else self.chance.choice(_LABELS)
            operator = self.chance.choice(("=", "=", "=~", "=~", "!=", "!~"))
            value = self.chance.choice(_VALUES[label])
            if operator in ("=~", "!~") and value == "+Inf":
                value = r"\\+Inf"
            found.append(f'{label}{operator}"{value}"')
        return "{" + ",".join(found) + "}" if found else ""

    def selector(self) -> str:
        metric = self.chance.choice(_SERIES)
        shift = self.chance.choice(("", "", "", " offset 1m", " offset 5m"))
        return f"{metric.name}{self.matchers(metric)}{shift}"

    def window(self) -> str:
        return self.chance.choice(("1m", "2m", "5m", "5m", "10m"))

    def growth(self) -> str:
        metric = self.chance.choice(_COUNTERS)
        name = self.chance.choice(("rate", "rate", "increase", "irate", "resets"))
        return f"{name}({metric.name}{self.matchers(metric)}[{self.window()}])"

    def constant(self) -> str:
        return self.chance.choice(("vector(1)", "vector(0)", "vector(time())", "hour()"))

    def grouping(self) -> str:
        labels = self.chance.sample(_LABELS, self.chance.choice((0, 1, 1, 2, 3)))
        return self.chance.choice(("", f"by ({', '.join(labels)}) ", f"without ({', '.join(labels)}) "))

    def aggregation(self, depth: int) -> str:
        of = self.vector(depth - 1)
        return self.one_of(
            *[lambda: f"{self.chance.choice(_AGGREGATIONS)} {self.grouping()}({of})"] * 6,
            lambda: f"{self.chance.choice(('topk', 'bottomk'))} {self.grouping()}({self.chance.choice('0123')}, {of})",
            lambda: f"quantile {self.grouping()}({self.chance.choice(('0.5', '1', '2', 'pi()'))}, {of})",
            lambda: f'count_values {self.grouping()}("value", {of})',
        )

    def with_number(self, depth: int) -> str:
        of, number = self.operand(depth), self.scalar(depth)
        operator = self.chance.choice(_ARITHMETIC + _COMPARISONS)
        if operator in _COMPARISONS and self.chance.random() < 0.3:
            operator += " bool"
        return self.chance.choice((f"{of} {operator} {number}", f"{number} {operator} {of}"))

    def matching(self, *, group: bool) -> str:
        labels = self.chance.sample(_LABELS, self.chance.choice((0, 1, 1, 2)))
        word = self.chance.choice(("on", "ignoring"))
        text = f"{word} ({', '.join(labels)})"
        if not group:
            return self.chance.choice(("", "", text))
        include = self.chance.choice(_LABELS) if self.chance.random() < 0.4 else ""
        include = "" if word == "on" and include in labels else include
        return self.chance.choice(("", text, f"{text} group_left ({include})", f"{text} group_right ({include})"))

    def joined(self, depth: int) -> str:
        left = self.operand(depth)
        right = left if self.chance.random() < 0.2 else self.operand(depth)
        operator = self.chance.choice([*_ARITHMETIC, "/", "/", *_COMPARISONS])
        if operator in _COMPARISONS and self.chance.random() < 0.3:
            operator += " bool"
        return f"{left} {operator} {self.matching(group=True)} {right}"

    def set_operation(self, depth: int) -> str:
        operator = self.chance.choice(("and", "or", "or", "unless"))
        return f"{self.operand(depth)} {operator} {self.matching(group=False)} {self.operand(depth)}"

    def function(self, depth: int) -> str:
        of = self.vector(depth - 1)
        return self.one_of(
            lambda: f"{self.chance.choice(_MATH.split())}({of})",
            lambda: f"{self.chance.choice(_DATES.split())}({of})",
            lambda: f"clamp_min({of}, {self.scalar(1)})",
            lambda: f"clamp_max({of}, {self.scalar(1)})",
            lambda: f"clamp({of}, {self.chance.choice(_NUMBERS)}, {self.chance.choice(_NUMBERS)})",
            lambda: f"round({of}, {self.chance.choice(_NUMBERS)})",
            lambda: f"{self.chance.choice(('sort', 'sort_desc', 'timestamp'))}({of})",
        )

    def quantile(self, depth: int) -> str:
        share = self.chance.choice(("0.5", "0.99", "1", "0", "99", "-1", "scalar(vector(0.9))"))
        if self.chance.random() < 0.2:
            return f"histogram_quantile({share}, {self.vector(depth - 1)})"
        buckets = f"{self.chance.choice(('rate', 'increase'))}({self.chance.choice(_BUCKETS)}[{self.window()}])"
        le = f"sum by (le, {self.chance.choice(_LABELS[:5])}) ({buckets})"
        return f"histogram_quantile({share}, {self.chance.choice((buckets, le, le))})"

    def over_time(self, depth: int) -> str:
        name = self.chance.choice(_OVER_TIME.split()) + "_over_time"
        metric = self.chance.choice(_SERIES)
        window = f"{metric.name}{self.matchers(metric)}[{self.window()}]"
        if self.chance.random() < 0.4:
            window = f"({self.vector(min(depth - 1, 1))})[{self.window()}:{self.chance.choice(('30s', '1m'))}]"
        if self.chance.random() < 0.5:
            name = self.chance.choice(("delta", "deriv", "idelta", "changes", "rate", "increase", "resets"))
        return self.one_of(
            lambda: f"{name}({window})",
            lambda: f"{name}({window})",
            lambda: f"quantile_over_time({self.chance.choice(('0.5', '1', '1.5'))}, {window})",
            lambda: f"predict_linear({window}, 60)",
            lambda: f"holt_winters({window}, 0.5, 0.5)",
            lambda: f"absent_over_time({window})",
        )

    def share(self) -> str:
        metric = self.chance.choice(_COUNTERS)
        window, name = self.window(), self.chance.choice(("rate", "increase"))
        matchers = self.matchers(metric)
        part = f"sum {self.chance.choice(('', 'by (agent) ', 'by (instance, agent) '))}"
        whole = f"sum {self.chance.choice(('', 'by (agent) '))}"
        guard = self.chance.choice(("", " > 0"))
        return (
            f"({part}({name}({metric.name}{matchers}[{window}]))) "
            f"/ {self.chance.choice(('', 'on (agent) group_left ()', 'on () group_left ()'))} "
            f"({whole}({name}({metric.name}[{window}])){guard})"
        )

    def filled(self) -> str:
        by, window = self.chance.choice(("", "by (agent) ")), self.window()
        part = f"sum {by}(rate(failures_total[{window}]))"
        whole = f"sum {by}(rate(requests_total[{window}]))"
        return f"({part} or {whole} * 0) / ({whole} > 0)"

    def relabelled(self, depth: int) -> str:
        of = self.vector(depth - 1)
        to, source = self.chance.choice(_LABELS), self.chance.choice(_LABELS)
        replacement = self.chance.choice(("$1", "x", "", "x-$1"))
        pattern = self.chance.choice(("(.*)", "(.+)", "", "p(.*)", ".*"))
        return self.one_of(
            lambda: f'label_replace({of}, "{to}", "{replacement}", "{source}", "{pattern}")',
            lambda: f'label_join({of}, "{to}", "{self.chance.choice(("-", ""))}", "{source}", "agent")',
        )

    def absent(self, depth: int) -> str:
        return self.one_of(
            lambda: f"absent({self.selector()})",
            lambda: f"absent(({self.selector()}))",
            lambda: f"absent({self.vector(depth - 1)})",
        )
