"""Credentials are found in definitions and documents, and nothing else is taken for one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from projects import REPOSITORY, Copy

from tocsin.cli import main
from tocsin.documents import Draft, rendered
from tocsin.findings import TocsinError
from tocsin.secrets import may_hold_secrets, secrets_in, secrets_in_python, secrets_in_text

HEX = "0123456789abcdef" * 3
LETTERS = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3gH5jK7m"
# Put together here, so that nobody who searches this repository takes them for real ones.
SHAPES = {
    "AWS access key": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub token": "ghp_" + LETTERS[:36],
    "GitLab token": "glpat-" + LETTERS[:20],
    "Slack token": "xoxb-" + "123456789012-abcdef",
    "Slack webhook": "https://hooks.slack.com/services/" + "T0123/B0123/" + LETTERS[:24],
    "Langfuse key": "sk-lf-" + "01234567-89ab-cdef-0123-456789abcdef",
    "LangSmith key": "lsv2_pt_" + HEX[:32] + "_0123456789",
    "model provider's key": "sk-" + "proj-" + LETTERS,
    "Google API key": "AIza" + LETTERS[:35],
    "Grafana token": "glsa_" + LETTERS[:32] + "_0123abcd",
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "password in an address": "postgres://bot:hunter2@db.example.com/x",
    "authorization header": "Bearer " + LETTERS[:30],
}


@pytest.mark.parametrize(("kind", "text"), SHAPES.items())
def test_known_shapes_are_found_and_never_shown_whole(kind: str, text: str) -> None:
    (found,) = secrets_in_text(f"see\n{text} there")
    assert (found.kind, found.line) == (kind, 2)
    assert may_hold_secrets(text)
    assert text not in found.message
    assert "hunter2" not in found.message


@pytest.mark.parametrize(
    "data",
    [
        {"password": "hunter2"},
        {"basicAuthPassword": "hunter2"},
        {"smtp_auth_password": "x"},
        {"settings": [{"apiToken": LETTERS}]},
        {"integrationKey": HEX[:32]},
        {"headers": [{"name": "Authorization", "value": LETTERS[:24]}]},
    ],
)
def test_fields_that_are_named_for_it_are_found(data: Any) -> None:
    assert list(secrets_in(data))
    assert may_hold_secrets(json.dumps(data))


@pytest.mark.parametrize(
    "data",
    [
        {"password": "$SMTP_PASSWORD"},
        {"secureJsonData": {"basicAuthPassword": "$LANGFUSE_SECRET_KEY", "token": "${TOKEN}"}},
        {"password": "$__file{/etc/secrets/password}", "token": "<your token>", "apiKey": "****"},
        {"password_file": "/etc/secrets/smtp", "secretName": "grafana-alerts", "tokenUrl": "https://x.example/token"},
        {"secret": "grafana-smtp", "token_type": "completion", "token": "input", "key": "Authorization"},
        {"uid": "f3a9c1d2e4b5a6978899aabbccddeeff", "sha256": HEX, "id": LETTERS},
        {"expr": 'sum by (token_type) (rate(llm_tokens_total{token="x", password=~"a.+"}[5m]))'},
        {"url": "http://prometheus:9090", "link": "https://x.example/a:b@c", "host": "http://[::1]:9090/@"},
        {"text": "task-0123456789abcdef0123456789 and risk-0123456789abcdef01234 and sk-... or sk-lf-..."},
        {"description": "Basic authentication with a password: see the Bearer token"},
        {"url": "https://$USER:$PASSWORD@x.example", "other": "https://user:${PASSWORD}@x.example"},
    ],
)
def test_references_names_hashes_and_promql_are_left_alone(data: Any) -> None:
    assert list(secrets_in(data)) == []


def test_our_own_output_and_monitors_hold_none(project_documents: dict[str, Any]) -> None:
    assert [path for path, data in project_documents.items() if list(secrets_in(data))] == []
    sources = [*REPOSITORY.glob("monitors/**/*.py"), *REPOSITORY.glob("src/agentmetrics/**/*.py")]
    assert sources
    assert [path for path in sources if list(secrets_in_python(path.read_text()))] == []


def test_literal_in_a_definition_is_told_at_its_line(project_copy: Copy) -> None:
    line = f'\ncontact = {{\n    "url": "https://x.example",\n    "password": "{LETTERS}",\n}}\n'
    project_copy.append("monitors/site.py", line)
    answer = project_copy.tocsin("generate")
    assert answer.returncode == 1
    number = project_copy.line_of("monitors/site.py", "password")
    assert f"monitors/site.py:{number}: error[secret]" in answer.stdout
    assert LETTERS not in answer.stdout


def test_computed_one_is_refused_before_anything_is_written(project_copy: Copy) -> None:
    half = len(SHAPES["GitHub token"]) // 2
    first, second = SHAPES["GitHub token"][:half], SHAPES["GitHub token"][half:]
    project_copy.replace("monitors/dashboards/agents.py", '    "AI Agents",', f'    "".join(["{first}", "{second}"]),')
    answer = project_copy.tocsin("generate")
    assert answer.returncode == 2
    assert "would show what looks like a credential (GitHub token): ghp_... (40 characters)" in answer.stderr
    assert second not in answer.stderr + answer.stdout
    assert second not in "".join(path.read_text() for path in project_copy.root.glob("generated/grafana/dashboards/*"))


def test_document_that_would_show_one_is_refused() -> None:
    receiver = {"uid": "x", "type": "threema", "settings": {"password": "hunter2"}, "disableResolveMessage": False}
    contact = {"apiVersion": 1, "contactPoints": [{"orgId": 1, "name": "x", "receivers": [receiver]}]}
    draft = Draft("contacts.yaml", "grafana-contact-points", contact)
    with pytest.raises(TocsinError, match=r"contacts.yaml would show what looks like a credential") as caught:
        list(rendered([draft]))
    assert "hunter2" not in f"{caught.value.message} {caught.value.help}"


def test_lint_finds_them_in_files_of_others_at_their_lines(tmp_path: Path) -> None:
    dashboard = {
        "title": "X",
        "uid": "x",
        "panels": [{"id": 1, "title": "P", "type": "text", "options": {"content": SHAPES["AWS access key"]}}],
    }
    (tmp_path / "dashboard.json").write_text(json.dumps(dashboard, indent=1))
    embedded = json.dumps(dashboard, indent=1).replace("\n", "\n    ")
    (tmp_path / "map.yaml").write_text(f"kind: ConfigMap\nmetadata: {{name: x}}\ndata:\n  x.json: |\n    {embedded}\n")
    rule = {"alert": "A", "expr": "up == 0", "labels": {}, "annotations": {"password": "hunter2"}}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [rule]}]}))
    answer = CliRunner().invoke(main, ["lint", str(tmp_path), "--select", "secret", "--format", "json"])
    found = {(Path(one["file"]).name, one["line"], one["message"][-30:]) for one in json.loads(answer.stdout)}
    assert answer.exit_code == 1
    assert {(name, message) for name, _, message in found} == {
        ("dashboard.json", "access key): AKIA... (20 characters)"[-30:]),
        ("map.yaml", "access key): AKIA... (20 characters)"[-30:]),
        ("rules.yaml", "(in the field password): 7 characters"[-30:]),
    }
    (line,) = [line for name, line, _ in found if name == "rules.yaml"]
    assert "hunter2" in (tmp_path / "rules.yaml").read_text().splitlines()[line - 1]


def test_contact_points_of_grafana_are_looked_through(tmp_path: Path) -> None:
    settings = {"url": SHAPES["Slack webhook"]}
    point = {"name": "x", "receivers": [{"uid": "a", "type": "slack", "settings": settings}]}
    (tmp_path / "contact.yaml").write_text(yaml.safe_dump({"apiVersion": 1, "contactPoints": [point]}))
    answer = CliRunner().invoke(main, ["lint", str(tmp_path), "--format", "json"])
    assert [one["id"] for one in json.loads(answer.stdout)] == ["secret"]
    settings["url"] = "$SLACK_URL"
    (tmp_path / "contact.yaml").write_text(yaml.safe_dump({"apiVersion": 1, "contactPoints": [point]}))
    assert CliRunner().invoke(main, ["lint", str(tmp_path)]).exit_code == 0
