"""Findings as SARIF 2.1.0 (OASIS standard, sarif-v2.1.0): one run of one tool, its rules and its results."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from tocsin.findings import Finding, Severity
from tocsin.registry import CHECKS

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif(findings: Iterable[Finding], root: str) -> dict[str, Any]:
    """The document, with the rules that the findings name."""
    told = list(findings)
    ids = sorted({finding.id for finding in told})
    driver = {"name": "tocsin", "version": version("tocsin"), "rules": [_rule(id_) for id_ in ids]}
    results = [_result(finding, ids.index(finding.id), root) for finding in told]
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(id_: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": id_}
    check = CHECKS.get(id_)
    if check is not None:
        rule["shortDescription"] = {"text": check.title}
        rule["defaultConfiguration"] = {"level": _LEVELS[check.severity]}
    return rule


def _result(finding: Finding, index: int, root: str) -> dict[str, Any]:
    subject = f"{finding.object}: " if finding.object else ""
    fragment = f"\n{finding.expr}" if finding.expr else ""
    return {
        "ruleId": finding.id,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{subject}{finding.message}{fragment}\n{finding.help}"},
        "locations": _locations(finding, root),
    }


def _locations(finding: Finding, root: str) -> list[dict[str, Any]]:
    if finding.source is None:
        return []
    source = finding.source.relative(root)
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(os.fsencode(source.file))}}
    if source.line:
        physical["region"] = {"startLine": source.line}
    return [{"physicalLocation": physical}]
