"""What was read, without the format that it was read from. Every `source` is a file and a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from tocsin.source import Source


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of Prometheus; `hold` and `keep_firing` are "" where not written, `at` is the expression's place."""

    kind: Literal["alert", "record"]
    name: str
    expr: str
    source: Source
    at: Source
    hold: str = ""
    keep_firing: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    def __reduce__(self) -> tuple[type[Rule], tuple[object, ...]]:
        """Packs faster than as a dataclass."""
        said = (self.hold, self.keep_firing, self.labels, self.annotations)
        return Rule, (self.kind, self.name, self.expr, self.source, self.at, *said)


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that are computed together, in this order. `interval` is "" where the server's own holds.

    `language` is "" for PromQL, `victoriametrics` for what extends it, or another one: loki, vlogs, graphite.
    """

    name: str
    rules: tuple[Rule, ...]
    source: Source
    interval: str = ""
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    language: str = ""

    @property
    def is_promql(self) -> bool:
        """Whether its expressions can be judged; those of VictoriaMetrics are that where they are PromQL."""
        return self.language in ("", "victoriametrics")


@dataclass(frozen=True, slots=True)
class Evaluator:
    """A condition of a threshold: `gt`, `lt`, `within_range`... `classic` are fields of classic conditions in it.

    `asks` and `reducer` are what these say: the refIds that are asked, and how their samples become one number.
    """

    kind: str
    params: tuple[float, ...]
    classic: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    reducer: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a Grafana rule's pipeline.

    `kind` is "query" for a data source's query, otherwise the expression's type: reduce, threshold, math, resample,
    classic_conditions, sql. `of` is what it works on: a refId, or the text of a math expression. `engine` is the type
    of the data source where that is stated. `first` and `last` are seconds back; None where no time range is written.
    """

    ref: str
    kind: str
    source: Source
    datasource: str = ""
    engine: str = ""
    expr: str = ""
    of: str = ""
    reducer: str = ""
    mode: str = ""
    evaluators: tuple[Evaluator, ...] = ()
    instant: bool = False
    first: float | None = None
    last: float | None = None


@dataclass(frozen=True, slots=True)
class GrafanaRule:
    """An alert rule of Grafana's. `no_data` and `on_error` are "" where they are left to the defaults.

    `is_file` says that it stands in a provisioning file, whose dollar signs are expanded.
    """

    name: str
    condition: str
    steps: tuple[Step, ...]
    source: Source
    uid: str = ""
    group: str = ""
    folder: str = ""
    interval: str = ""
    hold: str = ""
    no_data: str = ""
    on_error: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    is_file: bool = True
    org: str = ""


class HasSource(Protocol):
    """Something that stands somewhere."""

    @property
    def source(self) -> Source: ...


class Target(NamedTuple):
    """One query of a panel. `expr` is "" where its language has none.

    `engine` is the type of its data source ("prometheus", "loki"), "" where that cannot be told. `instant` is None
    where nothing is said.
    """

    ref: str
    expr: str
    place: HasSource
    legend: str = ""
    datasource: str = ""
    engine: str = ""
    instant: bool | None = None
    form: str = ""
    hidden: bool = False

    @property
    def source(self) -> Source:
        return self.place.source


class Grid(NamedTuple):
    """A panel's place on the grid of 24 columns."""

    x: int
    y: int
    width: int
    height: int


class Panel(NamedTuple):
    """`of_library` panels stand elsewhere: only their place is known. `steps` are the values of absolute thresholds.

    `row` says in which collapsed row it lies; None for those that lie on the dashboard itself. `overrides` are the
    properties that some of its fields have of their own, `transformations` what is done with the answers, `calcs` what
    is made of the samples of a series. `names` says that it shows names, or a field that may be one.
    """

    id: int | None
    title: str
    kind: str
    place: HasSource
    description: str = ""
    unit: str = ""
    datasource: str = ""
    engine: str = ""
    targets: tuple[Target, ...] = ()
    grid: Grid | None = None
    steps: tuple[float, ...] = ()
    repeat: str = ""
    row: int | None = None
    of_library: bool = False
    overrides: frozenset[str] = frozenset()
    legend_hidden: bool = False
    transformations: frozenset[str] = frozenset()
    calcs: frozenset[str] = frozenset()
    names: bool = False

    @property
    def source(self) -> Source:
        return self.place.source


@dataclass(frozen=True, slots=True)
class Variable:
    """A template variable. `refresh` is 0 never, 1 on load, 2 on time range change; None where nothing is said."""

    name: str
    kind: str
    place: HasSource
    query: str = ""
    datasource: str = ""
    engine: str = ""
    refresh: int | None = None
    multi: bool = False
    include_all: bool = False
    all_value: str = ""
    current: tuple[str, ...] = ()

    @property
    def source(self) -> Source:
        return self.place.source


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard of Grafana's.

    `panels` are all of them in their order, those in rows included. `inputs` are names that an import fills in.
    `mentions` are the names of all variables that stand anywhere in it. `hands_on` says that a link takes its
    variables to other dashboards. `marks` are the queries of its annotations, `ref` their names.
    """

    title: str
    place: HasSource
    uid: str = ""
    panels: tuple[Panel, ...] = ()
    variables: tuple[Variable, ...] = ()
    inputs: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()
    hands_on: bool = False
    marks: tuple[Target, ...] = ()

    @property
    def source(self) -> Source:
        return self.place.source


@dataclass(frozen=True, slots=True)
class Series:
    """An input series of a promtool test: the series and its values as written."""

    series: str
    values: str


@dataclass(frozen=True, slots=True)
class AlertCase:
    """What a promtool test expects of an alert at a time: the labels and annotations of those that fire."""

    name: str
    at: str
    expected: tuple[tuple[Mapping[str, str], Mapping[str, str]], ...]
    source: Source


@dataclass(frozen=True, slots=True)
class ValueCase:
    """What a promtool test expects of an expression at a time: (series, value) pairs."""

    expr: str
    at: str
    expected: tuple[tuple[str, str], ...]
    source: Source


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test of a promtool test file."""

    name: str
    source: Source
    interval: str = ""
    series: tuple[Series, ...] = ()
    alerts: tuple[AlertCase, ...] = ()
    values: tuple[ValueCase, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TestFile:
    """A promtool test file. `rule_files` are patterns, relative to the file's folder.

    `is_run` says whether promtool reads it: of a file with several documents it takes the first.
    """

    rule_files: tuple[str, ...]
    cases: tuple[TestCase, ...]
    source: Source
    interval: str = ""
    is_run: bool = True


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read, or not as what it seems to be."""

    source: Source
    message: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What keeps a file from being loaded, or a part of it. `before` is the first Prometheus that takes it.

    It is not `certain` where another program may be meant to read it.
    """

    source: Source
    message: str
    help: str = "mend the rule, or take it out"
    certain: bool = True
    before: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Exposed:
    """Something in a file that looks like a credential. The message does not show it."""

    message: str
    source: Source


@dataclass(frozen=True, slots=True)
class Contents:
    """What one file or many hold. `refused` is what would not be loaded of what was read.

    `passed_over` is what nobody named and what cannot be checked: templates, and what is written in another way.
    """

    groups: tuple[RuleGroup, ...] = ()
    grafana_rules: tuple[GrafanaRule, ...] = ()
    dashboards: tuple[Dashboard, ...] = ()
    tests: tuple[TestFile, ...] = ()
    failures: tuple[Failure, ...] = ()
    files: int = 0
    exposed: tuple[Exposed, ...] = ()
    refused: tuple[Refused, ...] = ()
    passed_over: tuple[Failure, ...] = ()
