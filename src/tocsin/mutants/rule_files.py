"""Rule files in the forms that people keep them in: plain ones, in ConfigMaps, and resources of an operator."""

from __future__ import annotations

import os
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tocsin.findings import TocsinError
from tocsin.mutants.documents import Scalar, line_of, read, read_bytes, read_within
from tocsin.mutants.files import ENDINGS
from tocsin.mutants.reach import parsed
from tocsin.mutants.rule import Rule, RuleFile
from tocsin.source import Source

Told = Callable[[Source, str], Source]
# What resources say to Thanos, and Prometheus never sees.
_OF_THANOS = frozenset({"partial_response_strategy"})


@dataclass(frozen=True, slots=True)
class _Part:
    """Groups that stand together: what of a document has them, and the resource's name, if it is one.

    `is_file` says that Prometheus is given them as they are.
    """

    holder: Mapping[str, Any]
    resource: str | None
    is_file: bool = False

    @property
    def groups(self) -> Sequence[Any]:
        return self.holder["groups"] or ()


def rule_file(path: Path, told_at: Told) -> RuleFile:
    """A rule file. Raises TocsinError where it cannot be read, or is none."""
    content = read_bytes(path)
    documents = read(content, path)
    parts = [part for document in documents for part in _parts(document, path)]
    of_kubernetes = any(part.resource is not None for part in parts)
    # Of documents that are no resources, Prometheus reads the first alone.
    unread = [] if of_kubernetes else documents[1:]
    parts = parts if of_kubernetes else list(_parts(documents[0], path))[:1] if documents else []
    if not parts or not all(isinstance(group, Mapping) for part in parts for group in part.groups):
        raise TocsinError(
            "no rule file: it has no list `groups`",
            help="name a file of Prometheus rules, a PrometheusRule, or a ConfigMap with rule files",
            source=Source(str(path)),
        )
    groups = tuple(_as_of_one_file(parts)) if of_kubernetes else tuple(parts[0].groups)
    resource = {**ChainMap(*(dict(part.holder) for part in parts)), "groups": list(groups)} if of_kubernetes else None
    ignored = Source(str(path), line_of(unread[0])) if unread else None
    return RuleFile(path, groups, tuple(_rules(path, groups, told_at)), content, resource, ignored)


def _parts(document: Any, path: Path) -> Iterator[_Part]:
    """What has groups in a document: itself, a PrometheusRule's `spec`, a ConfigMap's files, or those of a list."""
    if not isinstance(document, Mapping):
        return
    items, spec, data = document.get("items"), document.get("spec"), document.get("data")
    metadata = document.get("metadata")
    name = str(metadata.get("name", "")) if isinstance(metadata, Mapping) else ""
    if _has_groups(document):
        yield _Part(document, None)
    elif isinstance(items, list) and str(document.get("kind", "")).endswith("List"):
        for item in items:
            yield from _parts(item, path)
    elif isinstance(spec, Mapping) and _has_groups(spec):
        yield _Part(spec, name)
    elif document.get("kind") == "ConfigMap" and isinstance(data, Mapping):
        yield from _files_in(data, path, name)


def _has_groups(holder: Mapping[str, Any]) -> bool:
    """Whether it has a list of groups, which may be empty."""
    return isinstance(holder.get("groups", ""), list | None)


def _files_in(data: Mapping[str, Any], path: Path, name: str) -> Iterator[_Part]:
    """The rule files in a ConfigMap; of each Prometheus reads the first document."""
    for key, text in data.items():
        if isinstance(text, Scalar) and os.path.splitext(key)[1] in ENDINGS and "groups" in text:
            for document in read_within(text, path)[:1]:
                if isinstance(document, Mapping) and _has_groups(document):
                    yield _Part(document, f"{name}/{key}", is_file=True)


def _as_of_one_file(parts: Sequence[_Part]) -> Iterator[Mapping[str, Any]]:
    """The groups of several resources, each of which is a file of its own to Prometheus: names may be there again."""
    taken: set[str] = set()
    for part in parts:
        others = frozenset(taken)
        for group in part.groups:
            name = str(group.get("name", ""))
            while name in others:
                name += f" of {part.resource or 'another'}"
            taken.add(name)
            kept = {key: value for key, value in group.items() if part.is_file or key not in _OF_THANOS}
            yield {**kept, "name": name} if name != kept.get("name", "") else kept


def _rules(path: Path, groups: Sequence[Mapping[str, Any]], told_at: Told) -> Iterator[Rule]:
    for number, group in enumerate(groups):
        for data in group.get("rules") or ():
            source = Source(str(path), line_of(data))
            if not isinstance(data, Mapping) or not data.keys() & {"alert", "record"} or "expr" not in data:
                raise TocsinError("no rule: it has no `alert` or `record`, or no `expr`", help="mend it", source=source)
            name = str(data.get("alert") or data.get("record"))
            interval = str(group.get("interval") or "")
            yield Rule(told_at(source, name), number, data, parsed(str(data["expr"])), interval)
