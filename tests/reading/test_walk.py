"""Folders as they are found: pipes, hidden files, what may not be read, and templates among the rest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from tocsin.linting import lint
from tocsin.reading import Contents, files, read, read_text

RULES = "groups:\n- name: g\n  rules:\n  - record: a:b:c\n    expr: up\n"
V2 = '{"apiVersion": "dashboard.grafana.app/v2beta1", "kind": "Dashboard", "spec": {"elements": {}, "layout": {}}}'
PANELS = '{"title": "D", "panels": [{"id": 1}]}'


def found_below(folder: Path) -> list[str]:
    return [str(Path(file.path).relative_to(folder)) for file in files([folder])]


def test_a_folder_gives_its_plain_files_and_nothing_hidden(tmp_path: Path) -> None:
    for name in ("a.YAML", "b.rules", "c.yaml.bak", ".d.yaml", ".git/e.yaml", "node_modules/f.yaml", "g.yaml/h.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(RULES)
    (tmp_path / "i.yaml").symlink_to("b.rules")
    (tmp_path / "j.yaml").symlink_to("nowhere")
    (tmp_path / "k").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "l.yaml")

    assert found_below(tmp_path) == ["a.YAML", "b.rules", "j.yaml", "g.yaml/h.yml"]
    assert [Path(one.source.file).name for one in read([tmp_path]).failures] == ["j.yaml"]


def test_a_folder_that_may_not_be_searched_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def guarded(path: str) -> Iterator[os.DirEntry[str]]:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    # Whoever runs the tests as root may search every folder.
    monkeypatch.setattr(os, "scandir", guarded)
    (failure,) = read([tmp_path]).failures
    assert (Path(failure.source.file).name, failure.message) == ("closed", "it cannot be searched: Permission denied")


def test_what_comes_through_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "rules"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_text, args=(RULES,))
    writer.start()
    linted = lint([str(pipe)])
    writer.join()
    assert (linted.files, linted.failures) == (1, ())


TEMPLATES = {
    "helm": "{{- if .Values.on }}\n" + RULES + "{{- end }}\n",
    "helm that is YAML": RULES.replace("up", "'up == {{ .Values.least }}'"),
    "helm that hides braces": RULES.replace("up", "up\n    annotations: {a: '{{`{{ $labels.job }}`}}'}"),
    "jinja": "groups:\n{% for name in names %}\n- name: x\n{% endfor %}\n",
}


@pytest.mark.parametrize("text", [*TEMPLATES.values(), V2], ids=[*TEMPLATES, "schema v2"])
def test_what_cannot_be_checked_is_passed_over_in_a_folder_and_an_error_where_it_is_named(text: str) -> None:
    walked, named = (read_text(text.encode(), "x.yaml", named=named) for named in (False, True))
    assert (len(walked.passed_over), walked.failures, walked.groups) == (1, (), ())
    assert (named.passed_over, len(named.failures), named.groups) == ((), 1, ())


def test_templates_of_other_things_are_not_told_of() -> None:
    service = 'kind: Service\nmetadata:\n  {{- include "labels" . | nindent 2 }}\n'
    assert read_text(service.encode(), "x.yaml", named=False) == Contents()
    torn = RULES + "    annotations: {a: {{ $labels.job }} is down}\n  {{ range }}: [\n"
    assert len(read_text(torn.encode(), "x.yaml", named=False).failures) == 1


@pytest.mark.parametrize(
    ("resource", "groups", "dashboards"),
    [
        ({"apiVersion": "dashboard.grafana.app/v1beta1", "kind": "Dashboard", "spec": yaml.safe_load(PANELS)}, 0, 1),
        ({"kind": "PrometheusRuleList", "items": [{"spec": yaml.safe_load(RULES)}]}, 1, 0),
        ({"kind": "ConfigMapList", "items": [{"data": {"a.yaml": RULES, "b.json": PANELS, "c.json": "{kind"}}]}, 1, 1),
        ({"apiVersion": "monitoring.googleapis.com/v1", "kind": "Rules", "spec": yaml.safe_load(RULES)}, 1, 0),
        (
            {"apiVersion": "monitoring.openshift.io/v1", "kind": "AlertingRule", "spec": yaml.safe_load(RULES)},
            1,
            0,
        ),
        ({"apiVersion": "elsewhere.example.com/v1", "kind": "Rules", "spec": yaml.safe_load(RULES)}, 0, 0),
    ],
)
def test_resources_of_kubernetes_are_known_by_kind_and_api(resource: Any, groups: int, dashboards: int) -> None:
    contents = read_text(yaml.safe_dump(resource).encode(), "x.yaml", named=False)
    assert (len(contents.groups), len(contents.dashboards), contents.failures) == (groups, dashboards, ())
