"""A Prometheus as a source of a contract: which series it has, of which types, with which labels."""

from __future__ import annotations

import json
import time
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tocsin.contract.reading import fetched, without_login
from tocsin.findings import TocsinError
from tocsin.promql.durations import milliseconds_of
from tocsin.source import Source

SCHEME = "prometheus+"
HOUR = 3600
DAY = 24 * HOUR


def is_prometheus(source: str) -> bool:
    return source.startswith((f"{SCHEME}http://", f"{SCHEME}https://"))


@dataclass(frozen=True, slots=True)
class Described:
    """What Prometheus remembers of a metric's TYPE, HELP and UNIT."""

    kind: str
    help: str
    unit: str


class Server:
    """A Prometheus that answers. Each method raises TocsinError where it does not answer well."""

    def __init__(self, source: str) -> None:
        """`source` is its address, as prometheus+http://host:9090."""
        self.source = without_login(source)
        self.url = source.removeprefix(SCHEME).rstrip("/")

    def _get(self, path: str, shape: type, arguments: Mapping[str, str] | None = None, *, post: bool = False) -> Any:
        query = urllib.parse.urlencode(arguments or {})
        url = f"{self.url}/api/v1/{path}"
        body, kind = fetched(url if post or not query else f"{url}?{query}", form=query.encode() if post else None)
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        good = isinstance(answer, dict) and answer.get("status") == "success"
        if not good or not isinstance(answer.get("data"), shape):
            what = answer.get("error") if isinstance(answer, dict) else None
            raise TocsinError(
                f"this does not answer like a Prometheus: {what or kind.partition(';')[0] or 'no JSON'}",
                help="name its address without a path, as prometheus+http://host:9090",
                source=Source(without_login(url)),
            )
        return answer["data"]

    def described(self) -> dict[str, Described]:
        """The metadata of each metric, by the name in its TYPE line. Where targets differ: `counter and a gauge`."""
        return {
            name: Described(_kind_of(known), str(known[0]["help"]), str(known[0]["unit"]))
            for name, known in self._get("metadata", dict).items()
            if known
        }

    def is_declared(self, name: str) -> bool:
        """Whether a target that is up has a TYPE line for the metric, be it without any series."""
        declared = self._get("targets/metadata", list, {"metric": name})
        return any(frozenset(one["target"].items()) in self._up for one in declared)

    @cached_property
    def _targets(self) -> list[dict[str, Any]]:
        targets: list[dict[str, Any]] = self._get("targets", dict, {"state": "active"})["activeTargets"]
        return targets

    @cached_property
    def _up(self) -> set[frozenset[tuple[str, str]]]:
        return {frozenset(target["labels"].items()) for target in self._targets if target["health"] == "up"}

    def target_labels(self) -> frozenset[str]:
        """The labels that scrapes add: those of all targets."""
        return frozenset({"job", "instance"}).union(*(target["labels"] for target in self._targets))

    def scrape_interval(self) -> str:
        """The longest interval at which some target is scraped; empty where nothing is."""
        intervals = {str(target.get("scrapeInterval", "")) for target in self._targets} - {""}
        return max(intervals, key=milliseconds_of, default="")

    def names(self, since: int = DAY) -> list[str]:
        """The names of all series of the last so many seconds, and of some before."""
        names = self._get("label/__name__/values", list, {"start": _ago(since)})
        return sorted(str(name) for name in names)

    def labels(self, name: str) -> list[str]:
        """The labels that the series of that name had in the last day."""
        found = self._get("labels", list, {"match[]": selector([name]), "start": _ago(DAY)})
        return [str(label) for label in found if label != "__name__"]

    def values(self, label: str, name: str) -> list[str]:
        """The values that a label had in the last day, on the series of that name."""
        found = self._get(f"label/{label}/values", list, {"match[]": selector([name]), "start": _ago(DAY)})
        return [str(value) for value in found]

    def query(self, expr: str) -> list[tuple[dict[str, str], float]]:
        """The vector that a query answers with now: labels and values."""
        found = self._get("query", dict, {"query": expr}, post=True)["result"]
        return [(row["metric"], float(row["value"][1])) for row in found]


def selector(names: Iterable[str]) -> str:
    """Selects the series of these names."""
    return '{__name__=~"' + "|".join(names) + '"}'


def _kind_of(known: Iterable[Mapping[str, Any]]) -> str:
    kinds = {str(one["type"]) for one in known}
    return " and a ".join(sorted(kinds - {"unknown"})) or "unknown"


def _ago(seconds: int) -> str:
    return str(int(time.time()) - seconds)
