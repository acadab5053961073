"""Files that Prometheus does not load are told as such, and no others: promtool is asked of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.checks import judge
from tocsin.promtool import check_rules, version
from tocsin.reading import Contents, read_text
from tocsin.whole import of_files

RULES = {
    "record-empty": "{record: '', expr: up}",
    "alert-empty": "{alert: '', expr: up == 0}",
    "alert-empty-of-record": "{alert: '', record: a, expr: up}",
    "neither": "{expr: up}",
    "both": "{alert: A, record: b, expr: up}",
    "expr-missing": "{alert: A}",
    "expr-null": "{alert: A, expr: ~}",
    "expr-number": "{record: a, expr: 5}",
    "expr-list": "{alert: A, expr: [up]}",
    "expr-mapping": "{alert: A, expr: {a: b}}",
    "for-list": "{alert: A, expr: up == 0, for: [5m]}",
    "for-null": "{alert: A, expr: up == 0, for: ~}",
    "for-of-record": "{record: a, expr: up, for: 5m}",
    "for-none-of-record": "{record: a, expr: up, for: 0, keep_firing_for: 0s, annotations: {}}",
    "for-empty": "{alert: A, expr: up == 0, for: ''}",
    "record-spaced": "{record: a b, expr: up}",
    "annotation-dashed": "{alert: A, expr: up == 0, annotations: {a-b: x}}",
    "labels-scalars": "{alert: A, expr: up == 0, labels: {a: 5, b: true, c: null, d: 1.5}}",
    "labels-list": "{alert: A, expr: up == 0, labels: [a]}",
    "labels-nested": "{alert: A, expr: up == 0, labels: {a: {b: c}}}",
    "label-dashed": "{alert: A, expr: up == 0, labels: {a-b: x}}",
    "label-name": "{alert: A, expr: up == 0, labels: {__name__: x}}",
    "record-dashed": "{record: a-b, expr: up}",
    "record-braced": "{record: 'a{b=\"c\"}', expr: up}",
    "annotations-null": "{alert: A, expr: up == 0, annotations: }",
    "annotations-text": "{alert: A, expr: up == 0, annotations: hello}",
    "field-unknown": "{alert: A, expr: up == 0, fro: 5m}",
    "alert-list": "{alert: [a], expr: up == 0}",
    "alert-number": "{alert: 5, expr: up == 0}",
    "text": "up",
    "nothing": "",
}
FILES = {
    **{f"rule-{name}": f"groups:\n- name: g\n  rules:\n  - {rule}\n" for name, rule in RULES.items()},
    "groups-null": "groups:\n",
    "groups-text": "groups: x\n",
    "groups-mapping": "groups: {a: b}\n",
    "groups-empty": "groups: []\n",
    "group-null": "groups: [~, {name: g}]\n",
    "group-nameless": "groups: [{rules: []}]\n",
    "group-twice": "groups: [{name: g}, {name: g}]\n",
    "group-unknown": "groups: [{name: g, intervall: 30s, rules: []}]\n",
    "interval-empty": "groups: [{name: g, interval: ''}]\n",
    "limit-text": "groups: [{name: g, limit: 5m}]\n",
    "limit-number": "groups: [{name: g, limit: -5}]\n",
    "rules-null": "groups: [{name: g, rules: }]\n",
    "rules-text": "groups: [{name: g, rules: x}]\n",
    "rules-mapping": "groups: [{name: g, rules: {alert: A}}]\n",
    "key-twice": "groups:\n- name: g\n  rules:\n  - record: a\n    expr: up\n    expr: up\n",
    "label-twice": "groups: [{name: g, rules: [{alert: A, expr: up == 0, labels: {a: b, a: c}}]}]\n",
    "merged": "groups: [{name: g, rules: [&a {alert: A, expr: up == 0}, {<<: *a, alert: B, expr: up == 1}]}]\n",
    "utf-16": "groups: [{name: g, rules: [{record: a, expr: up}]}]\n",
}


def read(name: str) -> Contents:
    return read_text(FILES[name].encode("utf-16" if name == "utf-16" else "utf-8"), f"{name}.yaml")


def test_what_is_refused_is_what_promtool_refuses(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-16" if name == "utf-16" else "utf-8")
    taken = {result.name for result in check_rules(tmp_path, [f"{name}.yaml" for name in FILES]) if result.passed}
    fine = set()
    for name in FILES:
        findings = list(judge(of_files([read(name)], prometheus=version())))
        assert not {one.id for one in findings} & {"syntax", "duration"}
        if not any(one.id == "rule-refused" for one in findings):
            fine.add(f"{name}.yaml")

    assert fine == taken
    assert fine


def test_a_key_that_stands_twice_is_told_with_its_line_and_the_file_is_read_on() -> None:
    contents = read("key-twice")
    (refused,) = contents.refused
    assert (str(refused.source), "`expr` stands twice" in refused.message) == ("key-twice.yaml:6", True)
    assert contents.groups[0].rules[0].expr == "up"


@pytest.mark.parametrize(
    "field",
    [
        *("partial_response_strategy: warn", "labels: {a: b}", "query_offset: 1m", "limit: 5", "concurrency: 2"),
        *("source_tenants: [a]", "evaluation_delay: 1m", "params: {nocache: ['1']}"),
    ],
)
def test_fields_of_newer_and_of_other_programs_are_welcome(field: str) -> None:
    text = f"groups:\n- name: g\n  {field}\n  rules:\n  - record: a:b:c\n    expr: up\n"
    assert read_text(text.encode(), "x.yaml").refused == ()


@pytest.mark.parametrize(("kind", "refused"), [("PrometheusRule", 2), ("VMRule", 0)])
def test_what_older_prometheus_does_not_take_others_may(kind: str, refused: int) -> None:
    rule = "{alert: A, expr: up == 0, labels: {a-b: c}, annotations: {runbook.url: x}}"
    text = f"kind: {kind}\nspec: {{groups: [{{name: g, rules: [{rule}]}}]}}\n"
    assert len(read_text(text.encode(), "x.yaml").refused) == refused


def test_only_the_first_document_of_a_rule_file_is_loaded() -> None:
    group = "groups: [{name: g, rules: [{record: a:b:c, expr: up}]}]\n"
    both = f"{group}---\n{group}"
    assert [str(one.source) for one in read_text(both.encode(), "x.yaml").refused] == ["x.yaml:3"]
    resources = "---\n".join(f"kind: PrometheusRule\nspec: {{{group.strip()}}}\n" for _ in range(2))
    assert read_text(resources.encode(), "x.yaml").refused == ()


@pytest.mark.parametrize(
    ("group", "certain"),
    [
        ("{name: g, rules: [{alert: A, for: 5m}]}", [False]),
        ("{name: g, rules: [{alert: A, for: [5m]}]}", [True]),
        ("{name: g, rules: [{alert: A, $patch: delete}]}", []),
        ("{name: g, $patch: delete}", []),
    ],
)
def test_resource_may_be_a_patch_that_says_a_part_of_another(group: str, certain: list[bool]) -> None:
    def refused(text: str) -> list[bool]:
        return [one.certain for one in read_text(text.encode(), "x.yaml").refused]

    assert refused(f"kind: PrometheusRule\nspec: {{groups: [{group}]}}\n") == certain
    assert False not in refused(f"groups: [{group}]\n")


@pytest.mark.parametrize(
    "text",
    [
        "groups: []\nalert: yes\n",
        "groups: {web: [a, b]}\n",
        "groups: [{name: a, path: /a}, {name: b, path: /b}]\n",
        "groups: [{name: web, rules: [{port: 80}, {port: 443}]}]\n",
    ],
)
def test_groups_of_other_things_are_no_rule_file(text: str) -> None:
    assert read_text(text.encode(), "x.yaml", named=False) == Contents()
