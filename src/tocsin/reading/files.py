"""Files and folders, read one by one: which kind each document is of, and what is left of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tocsin.reading.dashboards import dashboard, is_dashboard
from tocsin.reading.fields import items, mapping, mappings, text, texts
from tocsin.reading.grafana_rules import grafana_rules, is_grafana_rule
from tocsin.reading.located import Located, UnreadableError, parsed, plain
from tocsin.reading.refused import is_group, refused_file, refused_group, refused_keys, refused_language
from tocsin.reading.rules import is_rule, rule_group, test_file
from tocsin.reading.templates import is_template, may_be_template
from tocsin.reading.values import Contents, Dashboard, Exposed, Failure, GrafanaRule, Refused, RuleGroup, TestFile
from tocsin.reading.walk import ENDINGS, File, files
from tocsin.secrets import may_hold_secrets, secrets_in
from tocsin.source import Source

# One of these stands in every file that can be of interest; parsing the others would be for nothing. Contact points
# are of no kind that is checked, and are looked through for credentials.
_SIGNS = (b"panels", b"groups", b"rows", b"rule_files", b"record", b"alert", b"kind", b"contactPoints")
# One of these in a text that cannot be read: it is told. Other things in a folder are none of ours.
_CLEAR_SIGNS = (b"groups", b"panels", b"expr", b"rule_files", b"contactPoints")
_RENDER = "it is a template: render it, and lint what comes out"
_OF_DASHBOARDS = (b"panels", b"rows")
_OF_RULES = (b"rules", b"rule_files", b"tests")
# Kinds of resources that hold groups, and the others whose groups are no PromQL; by the API that they belong to.
_RULE_KINDS = frozenset({"PrometheusRule", "VMRule"})
_GOOGLE, _GOOGLE_KINDS = "monitoring.googleapis.com/", frozenset({"Rules", "ClusterRules", "GlobalRules"})
_OPENSHIFT, _OPENSHIFT_KIND = "monitoring.openshift.io/", "AlertingRule"
_LOKI, _LOKI_KINDS = "loki.grafana.com/", frozenset({"AlertingRule", "RecordingRule"})
_GRAFANA = "dashboard.grafana.app/"
# Resources that hold the values of a chart, or the text of them; and the keys of texts that may.
_CHARTS = frozenset({"HelmRelease", "HelmChart", "HelmChartConfig", "Application", "ApplicationSet"})
_CHARTS_TEXTS = ("json", "values", "valuesContent")
_MOST_NESTED = 8


@dataclass(slots=True)
class _Found:
    groups: list[RuleGroup] = field(default_factory=list)
    rules: list[GrafanaRule] = field(default_factory=list)
    dashboards: list[Dashboard] = field(default_factory=list)
    tests: list[TestFile] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    files: int = 0
    of_a_kind: bool = False
    exposed: list[Exposed] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    passed_over: list[Failure] = field(default_factory=list)
    named: bool = True

    def pass_over(self, source: Source, message: str) -> None:
        """Notes what is not checked: a failure where somebody named it."""
        (self.failures if self.named else self.passed_over).append(Failure(source, message))

    def contents(self) -> Contents:
        return Contents(
            tuple(self.groups),
            tuple(self.rules),
            tuple(self.dashboards),
            tuple(self.tests),
            tuple(self.failures),
            self.files,
            tuple(self.exposed),
            tuple(self.refused),
            tuple(self.passed_over),
        )


def read(paths: Iterable[str | Path]) -> Contents:
    """All that the files hold, and those below the folders."""
    found = _Found()
    for one in stream(paths):
        found.groups += one.groups
        found.rules += one.grafana_rules
        found.dashboards += one.dashboards
        found.tests += one.tests
        found.failures += one.failures
        found.files += one.files
        found.exposed += one.exposed
        found.refused += one.refused
        found.passed_over += one.passed_over
    return found.contents()


def stream(paths: Iterable[str | Path]) -> Iterator[Contents]:
    """The same, one file at a time; a file that several paths lead to is read once."""
    return map(read_file, files(paths))


def read_file(file: File, raw: bytes | None = None) -> Contents:
    """What a file holds; `raw` is what stands in it, where that is known already."""
    if file.problem:
        return Contents(failures=(Failure(Source(file.path), file.problem),))
    if raw is None:
        try:
            raw = Path(file.path).read_bytes()
        except OSError as error:
            return Contents(failures=(Failure(Source(file.path), f"it cannot be read: {error.strerror or error}"),))
    if not file.named and not any(sign in plain(raw) for sign in _SIGNS):
        return Contents()
    return read_text(raw, file.path, named=file.named)


def may_hold_rules(raw: bytes) -> bool:
    """Whether a file is more than dashboards, perhaps, by its bytes alone."""
    raw = plain(raw)
    return not any(sign in raw for sign in _OF_DASHBOARDS) or any(sign in raw for sign in _OF_RULES)


def read_text(raw: bytes, file: str, *, named: bool = True) -> Contents:
    """What a text holds. Where it is of no kind that is read, that is a failure if it was `named` by somebody."""
    found = _Found(named=named)
    _read_raw(found, raw, file, 0, 0)
    if found.of_a_kind:
        found.files = 1
    elif named and not found.failures:
        kinds = "no rule file, promtool test, Grafana dashboard or Grafana alert file"
        found.failures.append(Failure(Source(file), f"it is {kinds if raw.strip() else 'empty'}"))
    return found.contents()


def read_value(value: Any, file: str) -> Contents:
    """What a parsed document holds."""
    found = _Found()
    _read(found, Located(value, file), value, 0)
    return found.contents()


def _read_raw(found: _Found, raw: bytes, file: str, first: int, depth: int) -> None:
    if is_template(raw):
        _pass_over(found, raw, Source(file, first or None), _RENDER)
        return
    suspect = may_hold_secrets(raw.decode(errors="replace"))
    try:
        for document in parsed(raw, file, first):
            within = len(found.exposed)
            known, found.of_a_kind = found.of_a_kind, False
            _read(found, document, document.value, depth)
            if found.of_a_kind:
                found.refused += refused_keys(document)
            found.of_a_kind |= known
            if suspect:
                # What stands in a document that is embedded in this one is told already, with the better line.
                told = {one.message for one in found.exposed[within:]}
                found.exposed += (one for one in _exposed(document) if one.message not in told)
    except UnreadableError as error:
        place = Source(file, error.line)
        if may_be_template(raw):
            _pass_over(found, raw, place, _RENDER)
        elif (found.named and not depth) or any(sign in plain(raw) for sign in _CLEAR_SIGNS):
            found.failures.append(Failure(place, str(error)))


def _pass_over(found: _Found, raw: bytes, place: Source, why: str) -> None:
    """Notes it where it is said to hold something; a folder is full of other things."""
    if found.named or any(sign in raw for sign in _CLEAR_SIGNS):
        found.pass_over(place, why)


def _exposed(document: Located) -> Iterator[Exposed]:
    def line_of(container: Any, key: str) -> int:
        return document.at(container, key).line or 1

    for secret in dict.fromkeys(secrets_in(document.value, line_of)):
        yield Exposed(secret.message, Source(document.file, secret.line))


def _read(found: _Found, document: Located, value: Any, depth: int, kind: str = "") -> None:
    """Reads what a value is; it is of that kind where it does not say."""
    if isinstance(value, list) and depth < _MOST_NESTED:
        for item in value:
            _read(found, document, item, depth + 1, kind)
    if not isinstance(value, dict):
        return
    kind = text(value, "kind") or kind
    if _is_resource(found, document, value, kind, depth):
        return
    if is_dashboard(value):
        found.of_a_kind = True
        found.dashboards.append(dashboard(document, value))
    elif is_dashboard(value.get("dashboard")):
        _read(found, document, value["dashboard"], depth)
    elif isinstance(value.get("elements"), dict) and isinstance(value.get("layout"), dict):
        found.pass_over(
            document.at(value), "it is a dashboard in Grafana's schema v2, which is not read: export it as classic"
        )
    elif isinstance(value.get("rule_files"), list) or isinstance(value.get("tests"), list):
        _tests(found, document, value)
    elif isinstance(value.get("groups"), list) or (found.named and value.keys() == {"groups"}):
        _rule_file(found, document, value)
    else:
        _namespaced(found, document, value)
        if not kind or kind in _CHARTS:
            _values(found, document, value, depth)


def _is_resource(found: _Found, document: Located, value: dict[str, Any], kind: str, depth: int) -> bool:
    """Whether it is of Kubernetes, of a kind that holds something; that is read then."""
    api, spec = text(value, "apiVersion"), mapping(value, "spec")
    if _holds_groups(kind, api):
        found.of_a_kind = True
        _groups(found, document, mappings(spec, "groups"), text(mapping(value, "metadata"), "namespace"), kind=kind)
    elif kind in _LOKI_KINDS and api.startswith(_LOKI):
        found.pass_over(document.at(value), "it holds rules of Loki, which are not checked")
    elif kind == "ConfigMap":
        _embedded(found, document, mapping(value, "data"), depth)
    elif kind == "GrafanaDashboard":
        _embedded(found, document, spec, depth, ("json",))
    elif kind == "Dashboard" and api.startswith(_GRAFANA):
        _read(found, document, spec, depth)
    elif isinstance(value.get("items"), list) and kind.endswith("List"):
        _read(found, document, value["items"], depth, kind.removesuffix("List"))
    else:
        return False
    return True


def _holds_groups(kind: str, api: str) -> bool:
    """Whether a resource of this kind, of this API, has groups of rules."""
    of_google = kind in _GOOGLE_KINDS and api.startswith(_GOOGLE)
    return kind in _RULE_KINDS or of_google or (kind == _OPENSHIFT_KIND and api.startswith(_OPENSHIFT))


def _tests(found: _Found, document: Located, value: dict[str, Any]) -> None:
    # A Prometheus configuration has rule files too, and no tests.
    if "tests" in value or "evaluation_interval" in value:
        found.of_a_kind = True
        found.tests.append(test_file(document, value))


def _rule_file(found: _Found, document: Located, value: dict[str, Any]) -> None:
    of_grafana = "apiVersion" in value
    groups = [group for group in items(value, "groups") if group is not None]
    # Without a group, nothing but the name of the key says what it is.
    is_one = all(map(is_group, groups)) and (bool(groups) or len(value) == 1)
    if of_grafana or is_one:
        found.of_a_kind = True
        _groups(found, document, mappings(value, "groups"), text(value, "namespace"), of_grafana=of_grafana)
        found.refused += refused_file(document, value) if not of_grafana else ()


def _namespaced(found: _Found, document: Located, value: dict[str, Any]) -> None:
    """Groups by namespace, as the APIs of Mimir's and Grafana's rulers give them."""
    for namespace, groups in value.items():
        if isinstance(groups, list) and groups and all(_is_group(group) for group in groups):
            found.of_a_kind = True
            _groups(found, document, groups, str(namespace))


def _values(found: _Found, document: Located, value: dict[str, Any], depth: int) -> None:
    """What the values of a chart hold, at any depth: groups, and texts that hold some or are dashboards."""
    if depth >= _MOST_NESTED:
        return
    _embedded(found, document, value, depth, _CHARTS_TEXTS)
    for one in value.values():
        for inner in one if isinstance(one, list) else (one,):
            if not isinstance(inner, dict):
                continue
            groups = items(inner, "groups")
            if groups and all(map(_is_group, groups)):
                found.of_a_kind = True
                _groups(found, document, groups, text(inner, "namespace"), of_grafana="apiVersion" in inner)
            else:
                _namespaced(found, document, inner)
                _values(found, document, inner, depth + 1)


def _is_group(value: Any) -> bool:
    rules = value.get("rules") if isinstance(value, dict) else None
    return isinstance(rules, list) and any(is_rule(rule) or is_grafana_rule(rule) for rule in rules)


def _groups(
    found: _Found,
    document: Located,
    groups: Iterable[dict[str, Any]],
    namespace: str,
    *,
    kind: str = "",
    of_grafana: bool = False,
) -> None:
    names: set[str] = set()
    for group in groups:
        made = rule_group(document, group, namespace, kind)
        rules = list(grafana_rules(document, group, namespace))
        found.rules += rules
        if made.rules or not rules:
            found.groups.append(made)
        if not made.is_promql:
            found.refused.append(refused_language(made))
        elif not rules and not of_grafana:
            refused = refused_group(document, group, names, of_resource=bool(kind))
            # What an older Prometheus does not take does not matter to another program.
            found.refused += (one for one in refused if one.before is None or not made.language)


def _embedded(found: _Found, document: Located, data: dict[str, Any], depth: int, keys: tuple[str, ...] = ()) -> None:
    """Documents that stand as text in another one."""
    if depth >= _MOST_NESTED:
        return
    for key, content in texts(data).items():
        wanted = key in keys or os.path.splitext(key)[1] in ENDINGS
        if wanted and any(sign in content.encode() for sign in _SIGNS):
            place = document.at(data, key)
            _read_raw(found, content.encode(), place.file, (place.line or 1) - 1, depth + 1)
