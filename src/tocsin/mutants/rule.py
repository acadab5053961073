"""Rules as their files have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tocsin.promql.tree import Node
from tocsin.source import Source


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """An alerting or a recording rule, as its file has it. `tree` is None where we cannot take its expression apart."""

    source: Source
    group: int
    data: Mapping[str, Any]
    tree: Node | None
    interval: str = ""  # of its group, where that states one

    @property
    def is_alert(self) -> bool:
        return "alert" in self.data

    @property
    def name(self) -> str:
        return str(self.data["alert"] if self.is_alert else self.data["record"])


@dataclass(frozen=True, slots=True, eq=False)
class RuleFile:
    """The groups of a rule file, in the order in which they stand.

    `content` is the file's own; `resource` is what a Kubernetes resource has in it, which promtool cannot read;
    `unread` is where a document begins that Prometheus never reads.
    """

    path: Path
    groups: tuple[Mapping[str, Any], ...]
    rules: tuple[Rule, ...]
    content: bytes
    resource: Mapping[str, Any] | None = None
    unread: Source | None = None
