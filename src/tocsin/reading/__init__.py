"""Readers of files that Tocsin did not write, of any kind and in any mix, as frozen values that keep file and line.

    contents = read(["rules/", "dashboards/cpu.json"])   # folders are walked; all at once
    for contents in stream(paths): ...                   # the same, one file at a time
    contents = read_text(raw, "name.yaml")               # bytes that are at hand
    contents = read_value(value, "name.yaml")            # a document that is parsed already; it has no lines

`Contents` has
- `groups`: `RuleGroup`s of Prometheus (rule files, PrometheusRule and VMRule resources, Mimir's and Cortex's forms)
- `tests`: `TestFile`s of promtool, with their series, assertions and the rule files that they name
- `dashboards`: `Dashboard`s of Grafana in the classic schema, with `Panel`s, `Target`s and `Variable`s
- `grafana_rules`: `GrafanaRule`s of alert provisioning files, with the `Step`s of their pipelines
- `failures`: what could not be read, as `Failure`s; the other files are read all the same
- `refused`: what of it Prometheus would not load, as `Refused`s
- `files`: how many files were of one of these kinds

ConfigMaps, Kubernetes lists and files of several documents are looked into. A file of another kind is passed over in
a folder and is a failure where it was named itself. All texts are as written: durations ("5m"), numbers ("10").
"""

from tocsin.reading.files import may_hold_rules, read, read_file, read_text, read_value, stream
from tocsin.reading.values import (
    AlertCase,
    Contents,
    Dashboard,
    Evaluator,
    Failure,
    GrafanaRule,
    Grid,
    Panel,
    Refused,
    Rule,
    RuleGroup,
    Series,
    Step,
    Target,
    TestCase,
    TestFile,
    ValueCase,
    Variable,
)
from tocsin.reading.walk import File, files

__all__ = [
    "AlertCase",
    "Contents",
    "Dashboard",
    "Evaluator",
    "Failure",
    "File",
    "GrafanaRule",
    "Grid",
    "Panel",
    "Refused",
    "Rule",
    "RuleGroup",
    "Series",
    "Step",
    "Target",
    "TestCase",
    "TestFile",
    "ValueCase",
    "Variable",
    "files",
    "may_hold_rules",
    "read",
    "read_file",
    "read_text",
    "read_value",
    "stream",
]
