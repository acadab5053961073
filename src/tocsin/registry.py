"""Every check that there is: its id, how bad at most what it finds is, and what that is.

A check may report less than its severity where less is certain. `--select`, silences and the pages of
`docs/checks/` name checks by these ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tocsin.findings import Severity, TocsinError
from tocsin.metrics import nearest

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO


@dataclass(frozen=True, slots=True)
class Check:
    """A check, as its page begins. One `of_definitions` looks at nothing in files of others."""

    id: str
    severity: Severity
    title: str
    of_definitions: bool = False


_QUERIES = (
    Check("syntax", _E, "Text that is no PromQL, or that the oldest Prometheus in use does not understand."),
    Check("result-type", _E, "A rule or panel whose result is a range vector or a text."),
    Check("metric-unknown", _E, "A series that no catalog exports and no rule records."),
    Check("label-unknown", _E, "A label that the series do not have."),
    Check("label-value", _E, "A matcher that no value of the label can meet."),
    Check("type-function", _E, "A function or comparison that does not fit the kind of metric."),
    Check("counter-reset", _W, "A counter's restart is taken for something that happened."),
    Check("le-missing", _E, "A quantile of buckets without `le`, or without the bucket `+Inf`."),
    Check("le-value", _E, "A bucket that the histogram does not have, or whose bound is written in another way."),
    Check("quantile-range", _E, "A quantile outside 0 to 1."),
    Check("quantile-aggregated", _E, "A sum or an average of quantiles."),
    Check("unit-mismatch", _E, "A sum, a difference or a comparison of different units."),
    Check("join-many", _E, "Several series on one side of an operator for one match."),
    Check("join-empty", _E, "Two sides that can never meet."),
    Check("division-by-zero", _W, "A divisor that can be 0."),
    Check("ratio-shape", _W, "A numerator that is no part of its denominator, and an average of ratios."),
    Check("nan-aggregated", _W, "NaN that can enter a sum or an average."),
    Check("lazy-series", _W, "A counter that appears with its first event is read as if it were always there."),
    Check("range-short", _E, "A range that holds too few samples for its function."),
    Check("range-interval", _W, "A range that is shorter than the interval at which the rule runs."),
    Check("rate-interval", _W, "A fixed range in a panel."),
    Check("regex", _W, "A regular expression that is not needed, or that matches more than was meant."),
    Check("cardinality", _W, "A result of more series than its place can bear."),
    Check("recorded-instead", _I, "A recorded series with the same meaning exists."),
)
_ALERTS = (
    Check("always-fires", _E, "An alert whose condition is always true, or that has none."),
    Check("never-fires", _E, "An alert whose condition can never be true."),
    Check("bucket-ceiling", _E, "A quantile compared with the histogram's last finite bound, or more."),
    Check("bucket-gap", _W, "A threshold inside a bucket, where a quantile is a guess."),
    Check("increase-exact", _W, "An exact number expected of `increase`, which extrapolates."),
    Check("for-missing", _W, "An alert that one bad sample fires."),
    Check("for-interval", _W, "A `for` that does not fit how often the rule runs, or how far back it looks."),
    Check("flapping", _W, "An alert on what changes from one evaluation to the next."),
    Check("missed-scrape", _W, "An alert that one failed scrape ends, so that its `for` begins anew."),
    Check("no-data-blind", _W, "An alert on a low value that falls silent when there is no value at all."),
    Check("absent-labels", _E, "A text that names a label which `absent` cannot give."),
    Check("template", _E, "A text of an alert that fails, or prints its value in the wrong unit."),
    Check("annotations", _E, "An alert without a summary, a description, a runbook or a severity."),
    Check("label-collision", _E, "A rule's label that overrides one by which its alerts differ."),
    Check("severity-order", _W, "A critical alert that is looser than the warning beside it."),
    Check("duplicate-alert", _W, "Two alerts that say the same."),
    Check("grafana-pipeline", _E, "A Grafana rule whose steps do not give its condition a number."),
    Check("grafana-template", _E, "A text of a Grafana rule that prints the wrong thing, or nothing."),
    Check("grafana-states", _W, "A Grafana rule that leaves to the defaults what no data and errors mean."),
)
_RULES = (
    Check("rule-refused", _E, "A rule or a group that Prometheus does not load, and its whole file with it."),
    Check("rule-order", _E, "A rule that reads what its group records only later, or rules that go round in a circle."),
    Check("rule-lag", _W, "A rule that reads a series which is recorded more slowly than it runs."),
    Check("rule-unused", _I, "A recorded series that nobody reads."),
    Check("rule-name", _W, "A recorded series whose name does not say what it is."),
    Check("rule-interval", _W, "Recording so rarely that series go stale, or more often than there are samples."),
    Check("rule-duplicate", _E, "Two rules that record the same series."),
)
_DASHBOARDS = (
    Check("variable-undefined", _E, "A query that uses a variable which the dashboard has not."),
    Check("variable-unused", _I, "A variable that nothing on the dashboard uses."),
    Check("variable-query", _E, "A variable that offers nothing, or what was there once."),
    Check("datasource-fixed", _W, "A panel or variable that is tied to one data source."),
    Check("panel-text", _W, "A panel without a title, a description or a unit."),
    Check("panel-empty", _E, "A panel that shows nothing, or that stands in another one's way."),
    Check("legend", _E, "A legend that names a label which the result has not."),
    Check("threshold-disagrees", _W, "A panel whose colours change elsewhere than the alert fires."),
    Check("variable-ignored", _W, "A panel that a variable of its dashboard could narrow, and does not."),
    Check("instant-range", _W, "A query that asks for another form of answer than its panel shows."),
)
_TESTS = (
    Check("test-missing", _E, "An alert or a recording rule that no test touches."),
    Check("test-fails", _E, "A test that fails although nothing was broken."),
    Check("mutant-survives", _E, "A rule that can be broken without a test noticing."),
    Check("test-hollow", _E, "A promtool test that cannot fail."),
    Check("alert-unproven", _E, "An alert that nothing shows to fire and to stay quiet.", of_definitions=True),
    Check("alert-half-proven", _W, "An alert of which the proofs show a part only.", of_definitions=True),
    Check("claim-edge", _W, "A claim that Prometheus 2 and 3 answer differently.", of_definitions=True),
    Check("rule-unproven", _E, "A recorded series whose value is neither derived nor stated.", of_definitions=True),
)
_DEFINITIONS = (
    Check("duplicate-name", _E, "Two definitions of one name.", of_definitions=True),
    Check("duration", _E, "A duration that Prometheus or Grafana does not take."),
    Check("table-order", _W, "A table whose columns ascend, and a value above the next one.", of_definitions=True),
    Check(
        "tenant-unknown",
        _W,
        "A tenant that no table knows, though one of nearly that name.",
        of_definitions=True,
    ),
    Check("contact", _E, "A contact that Alertmanager does not know as a receiver.", of_definitions=True),
    Check("uid", _E, "A dashboard uid that Grafana does not take.", of_definitions=True),
    Check("silence", _E, "A silence without a reason, or without anything to silence.", of_definitions=True),
    Check("broken", _E, "Definitions that cannot be loaded.", of_definitions=True),
    Check("drift", _E, "A file of the output that is not what the definitions make.", of_definitions=True),
    Check("promtool", _E, "A rule file that promtool objects to.", of_definitions=True),
)

_CONTRACT = (
    Check("contract-break", _E, "A change of the catalog that breaks what reads the series.", of_definitions=True),
    Check("secret", _E, "Something that looks like a credential."),
)

CHECKS: Mapping[str, Check] = {
    check.id: check for check in (*_QUERIES, *_ALERTS, *_RULES, *_DASHBOARDS, *_TESTS, *_DEFINITIONS, *_CONTRACT)
}


def known(ids: Iterable[str]) -> frozenset[str]:
    """Ids of checks on files that people wrote, separated by commas or not.

    Raises TocsinError for one that no check has, or only a check on definitions.
    """
    given = tuple(ids)
    found = frozenset(id_.strip() for text in given for id_ in text.split(",") if id_.strip())
    if given and not found:
        raise TocsinError("no check is named", help="name one, or leave the option away: docs/checks/README.md")
    for id_ in sorted(found):
        if id_ not in CHECKS:
            near = nearest(id_.lower().replace("_", "-"), CHECKS)
            raise TocsinError(
                f"there is no check {id_}",
                help=f"did you mean {near}?" if near else "docs/checks/README.md lists them all",
            )
        if CHECKS[id_].of_definitions:
            raise TocsinError(f"{id_} looks at definitions, and not at files", help="`tocsin check` reports it")
    return found
