"""Random PromQL over the synthetic catalog: valid, and of every shape that the analysis makes claims about."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection

from synthetic import END, VALUES

from tocsin.metrics import Catalog, Counter, Histogram, Metric

# Patterns and values that some of the labels match, and some do not.
_PATTERNS = {
    "agent": ["planner|critic", "p.*", "nobody", ""],
    "code": ["5..", "404|500", "4.+|2.+"],
    "tenant": ["acme|umbrella", ".*"],
    "job": [".+"],
    "instance": [".*:9090"],
    "le": ["0.5", "1.0", "+Inf", r"5.0|\\+Inf"],
    "nothing": ["", "x", ".*"],
}
_ANY = ["v1", "v[01]", ".*", ".+", "", "v0|v2", "other"]
_NUMBERS = ["0", "1", "2", "0.5", "60", "100", "-1", "1000", "-0.25"]
_EXTREMES = ["-0", "Inf", "-Inf", "NaN"]
_STEPS = ["1e-310", "1e-9", "1e300", "Inf", "-0", "0"]
_MATH = "abs ceil floor sgn sqrt exp ln log2 log10 round deg rad"
_MATH += " sin cos tan atan asin acos sinh cosh tanh asinh acosh atanh"
_DATES = "minute hour day_of_week day_of_month day_of_year days_in_month month year"
_OVER_TIME = "avg min max sum count last stddev stdvar present"
_AGGREGATIONS = ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"]
_ARITHMETIC = ["+", "-", "*", "/", "%", "^", "atan2"]
_COMPARISONS = [">", "<", ">=", "<=", "==", "!="]


class Author:
    """Writes expressions. `chance` decides."""

    def __init__(self, chance: random.Random, catalogs: Collection[Catalog]) -> None:
        self.chance = chance
        metrics = [metric for catalog in catalogs for metric in catalog]
        self.series: list[Metric] = [one for catalog in catalogs for one in catalog.series().values()]
        self.counters = [metric for metric in self.series if isinstance(metric, Counter)] or self.series
        self.histograms = [metric for metric in metrics if isinstance(metric, Histogram)]
        targets = [label.name for catalog in catalogs for label in catalog.target_labels]
        names = [name for metric in self.series for name in metric.label_names]
        self.labels = list(dict.fromkeys([*names, *targets, "le", "nothing"]))
        self.targets = list(dict.fromkeys(targets)) or ["job"]

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
            lambda: self.condition(),
            lambda: self.filled(),
            lambda: f"-{self.operand(depth)}",
            lambda: self.relabelled(depth),
            lambda: self.absent(depth),
            lambda: f"vector({self.scalar(depth)})",
        )

    def operand(self, depth: int) -> str:
        return f"({self.vector(depth - 1)})"

    def number(self) -> str:
        return self.chance.choice(_NUMBERS if self.chance.random() < 0.85 else _EXTREMES)

    def scalar(self, depth: int) -> str:
        return self.one_of(
            self.number,
            self.number,
            lambda: f"scalar({self.vector(min(depth, 2) - 1)})",
            lambda: "time()",
            lambda: "pi()",
            lambda: f"({self.number()} * {self.number()})",
        )

    def matchers(self, metric: Metric) -> str:
        labels = [*metric.label_names, *self.targets]
        found = []
        for _ in range(self.chance.choice((0, 0, 0, 1, 1, 2))):
            label = self.chance.choice(labels) if self.chance.random() < 0.9 else self.chance.choice(self.labels)
            operator = self.chance.choice(("=", "=", "=~", "=~", "!=", "!~"))
            value = self.chance.choice([*VALUES.get(label, ()), *_PATTERNS.get(label, _ANY)])
            if operator in ("=~", "!~") and value == "+Inf":
                value = r"\\+Inf"
            found.append(f'{label}{operator}"{value}"')
        return "{" + ",".join(found) + "}" if found else ""

    def selector(self) -> str:
        metric = self.chance.choice(self.series)
        return f"{self.named(metric)}{self.shift()}"

    def named(self, metric: Metric) -> str:
        """Some series of a metric, by its name or by the label that has it."""
        matchers = self.matchers(metric)
        if self.chance.random() < 0.9:
            return f"{metric.name}{matchers}"
        return "{" + f'__name__="{metric.name}"' + ("," + matchers[1:] if matchers else "}")

    def shift(self) -> str:
        return self.chance.choice(
            ("", "", "", "", " offset 1m", " offset 5m", " offset -30s", f" @ {END - 600}", " @ end()")
        )

    def window(self) -> str:
        return self.chance.choice(("1m", "2m", "5m", "5m", "10m"))

    def growth(self) -> str:
        metric = self.chance.choice(self.counters)
        name = self.chance.choice(("rate", "rate", "increase", "irate", "resets"))
        return f"{name}({self.named(metric)}[{self.window()}]{self.shift()})"

    def constant(self) -> str:
        return self.chance.choice(("vector(1)", "vector(0)", "vector(-0)", "vector(time())", "hour()"))

    def some_labels(self, *counts: int) -> list[str]:
        return self.chance.sample(self.labels, min(self.chance.choice(counts), len(self.labels)))

    def grouping(self) -> str:
        labels = self.some_labels(0, 1, 1, 2, 3)
        return self.chance.choice(("", f"by ({', '.join(labels)}) ", f"without ({', '.join(labels)}) "))

    def aggregation(self, depth: int) -> str:
        of = self.vector(depth - 1)
        return self.one_of(
            *[lambda: f"{self.chance.choice(_AGGREGATIONS)} {self.grouping()}({of})"] * 6,
            lambda: f"{self.chance.choice(('topk', 'bottomk'))} {self.grouping()}({self.chosen()}, {of})",
            lambda: f"quantile {self.grouping()}({self.chance.choice(('0.5', '1', '2', 'pi()', 'NaN'))}, {of})",
            lambda: f'count_values {self.grouping()}("{self.chance.choice(["value", *self.labels])}", {of})',
        )

    def chosen(self) -> str:
        return self.chance.choice("0123") if self.chance.random() < 0.8 else self.scalar(1)

    def with_number(self, depth: int) -> str:
        of, number = self.operand(depth), self.scalar(depth)
        operator = self.chance.choice(_ARITHMETIC + _COMPARISONS)
        if operator in _COMPARISONS and self.chance.random() < 0.3:
            operator += " bool"
        return self.chance.choice((f"{of} {operator} {number}", f"{number} {operator} {of}"))

    def matching(self, *, group: bool) -> str:
        labels = [*self.some_labels(0, 1, 1, 2), *(["__name__"] if self.chance.random() < 0.05 else ())]
        word = self.chance.choice(("on", "ignoring"))
        text = f"{word} ({', '.join(labels)})"
        if not group:
            return self.chance.choice(("", "", text))
        include = self.chance.choice(self.labels) if self.chance.random() < 0.4 else ""
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
            lambda: f"clamp({of}, {self.number()}, {self.number()})",
            lambda: f"round({of}, {self.chance.choice([*_NUMBERS, *_STEPS])})",
            lambda: f"{self.chance.choice(('sort', 'sort_desc', 'timestamp'))}({of})",
        )

    def quantile(self, depth: int) -> str:
        share = self.chance.choice(("0.5", "0.99", "1", "0", "99", "-1", "scalar(vector(0.9))"))
        if self.chance.random() < 0.2 or not self.histograms:
            return f"histogram_quantile({share}, {self.vector(depth - 1)})"
        bucket = self.named(self.chance.choice(self.histograms).bucket)
        buckets = f"{self.chance.choice(('rate', 'increase'))}({bucket}[{self.window()}])"
        le = f"sum by (le, {self.chance.choice(self.labels)}) ({buckets})"
        kept = self.chance.choice((buckets, le, le))
        if self.chance.random() < 0.2:
            kept = self.one_of(
                lambda: f'label_replace({kept}, "le", "100", "le", "[0-9.]+")',
                lambda: f'label_join({kept}, "le", "", "{self.chance.choice(("le", "nothing", "value"))}", "nothing")',
                lambda: f'count_values without (job) ("le", {bucket}) * 1',
                lambda: f'{kept} or label_replace(vector({self.number()}), "le", "100", "", "")',
            )
        return f"histogram_quantile({share}, {kept})"

    def over_time(self, depth: int) -> str:
        name = self.chance.choice(_OVER_TIME.split()) + "_over_time"
        metric = self.chance.choice(self.series)
        window = f"{self.named(metric)}[{self.window()}]{self.shift()}"
        if self.chance.random() < 0.4:
            step = self.chance.choice(("30s", "1m", ""))
            window = f"({self.vector(min(depth - 1, 1))})[{self.window()}:{step}]{self.shift()}"
        if self.chance.random() < 0.5:
            name = self.chance.choice(("delta", "deriv", "idelta", "changes", "rate", "increase", "resets"))
        return self.one_of(
            lambda: f"{name}({window})",
            lambda: f"{name}({window})",
            lambda: f"quantile_over_time({self.chance.choice(('0.5', '1', '1.5'))}, {window})",
            lambda: f"predict_linear({window}, {self.chance.choice(('60', '-3600', 'Inf', 'NaN'))})",
            lambda: f"holt_winters({window}, 0.5, 0.5)",
            lambda: f"absent_over_time({window})",
        )

    def share(self) -> str:
        metric = self.chance.choice(self.counters)
        window, name = self.window(), self.chance.choice(("rate", "rate", "increase", "irate"))
        other = name if self.chance.random() < 0.7 else self.chance.choice(("rate", "increase", "irate"))
        matchers = self.matchers(metric)
        label = self.chance.choice([*metric.label_names, *self.targets])
        part = f"sum {self.chance.choice(('', f'by ({label}) ', f'by (instance, {label}) ', 'by (instance) '))}"
        whole = f"sum {self.chance.choice(('', f'by ({label}) '))}"
        guard = self.chance.choice(("", " > 0"))
        return (
            f"({part}({name}({metric.name}{matchers}[{window}]))) "
            f"/ {self.chance.choice(('', f'on ({label}) group_left ()', 'on () group_left ()'))} "
            f"({whole}({other}({metric.name}[{window}])){guard})"
        )

    def condition(self) -> str:
        """A comparison of what has a range with a number at its end or beyond."""
        of = self.one_of(self.share, self.growth, self.selector, lambda: self.quantile(1))
        bool_or_not = self.chance.choice(("", "", "", " bool"))
        number = self.chance.choice(("0", "1", "-0", "-1", "1.5", "5", "10", "100", "101"))
        return f"({of}) {self.chance.choice(_COMPARISONS)}{bool_or_not} {number}"

    def filled(self) -> str:
        part, whole = self.chance.choice(self.counters), self.chance.choice(self.counters)
        shared = [name for name in whole.label_names if name in part.label_names]
        by, window = self.chance.choice(("", f"by ({', '.join(shared)}) ")), self.window()
        part = f"sum {by}(rate({part.name}[{window}]))"
        whole = f"sum {by}(rate({whole.name}[{window}]))"
        return f"({part} or {whole} * 0) / ({whole} > 0)"

    def relabelled(self, depth: int) -> str:
        of = self.vector(depth - 1)
        to, source = self.chance.choice(self.labels), self.chance.choice([*self.labels, "__name__"])
        replacement = self.chance.choice(("$1", "x", "", "x-$1"))
        pattern = self.chance.choice(("(.*)", "(.+)", "", "p(.*)", ".*"))
        separator, other = self.chance.choice(("-", "")), self.chance.choice(self.labels)
        return self.one_of(
            lambda: f'label_replace({of}, "{to}", "{replacement}", "{source}", "{pattern}")',
            lambda: f'label_join({of}, "{to}", "{separator}", "{source}", "{other}")',
        )

    def absent(self, depth: int) -> str:
        return self.one_of(
            lambda: f"absent({self.selector()})",
            lambda: f"absent(({self.selector()}))",
            lambda: f"absent({self.vector(depth - 1)})",
        )
