"""Expositions: what a program exports, read from Prometheus text or OpenMetrics.

The parser is our own. prometheus_client's adds `_total` to counters that have none, drops what it does not expect,
and has no line numbers: fine for tests, but here the names and the lines are what matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tocsin.findings import TocsinError
from tocsin.source import Source

KINDS = frozenset(
    {"counter", "gauge", "histogram", "summary", "untyped", "unknown", "info", "stateset", "gaugehistogram"}
)
_ONLY_OPENMETRICS = frozenset({"unknown", "info", "stateset", "gaugehistogram"})
# What the names of a family's series end in, by its type.
_SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "counter": ("", "_total", "_created"),
    "histogram": ("_bucket", "_sum", "_count", "_created"),
    "gaugehistogram": ("_bucket", "_gsum", "_gcount"),
    "summary": ("", "_sum", "_count", "_created"),
    "info": ("_info",),
}
_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_SAMPLE = re.compile(
    rf"({_NAME})?\s*(?:\{{((?:[^\"}}]|{_QUOTED})*)\}})?\s*(?<=[\s}}])(\S+)(?:[ \t]+([-+0-9.eE]+))?\s*(?:#\s+\{{.*)?$"
)
_PAIR = re.compile(rf"\s*({_QUOTED}|{_NAME})\s*(?:=\s*({_QUOTED}))?\s*(?:,|$)")
_COMMENT = re.compile(rf"#[ \t]+(TYPE|HELP|UNIT)[ \t]+({_QUOTED}|{_NAME})[ \t]*(.*)$")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Sample:
    """One series with its value. `timestamp` is in seconds, where the exposition states one."""

    name: str
    labels: Mapping[str, str]
    value: float
    timestamp: float | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """A metric as it is exported. `kind` is one of KINDS; what has no type is `unknown`."""

    name: str
    kind: str = "unknown"
    help: str = ""
    unit: str = ""
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class Exposition:
    """All that one source exports.

    `target_labels` are the labels that a scrape added to the samples. `stale` names series that were here lately
    and have no fresh sample, with their age in seconds.
    """

    source: str
    families: tuple[Family, ...]
    target_labels: frozenset[str] = frozenset()
    stale: Mapping[str, float] = field(default_factory=dict)


class ExpositionError(TocsinError):
    """Text that is no exposition, or only the beginning of one."""


def parse_exposition(text: str, source: str, *, openmetrics: bool = False) -> Exposition:
    """Reads an exposition whole. Raises ExpositionError, with the line, where it is wrong or cut off.

    Text that ends in `# EOF`, or has what only OpenMetrics has, is read as that; then a missing end is an error.
    """
    reader = _Reader(source, openmetrics)
    if text.lstrip()[:1] == "<":
        raise reader.error(1, "this is HTML or XML, not metrics", "name the path of the metrics, often /metrics")
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        reader.read(number, line.strip("\r"))
    reader.end(len(lines) if lines[-1] else max(1, len(lines) - 1), whole_line=not lines[-1].strip())
    return Exposition(source, tuple(reader.families()))


class _Reader:
    def __init__(self, source: str, openmetrics: bool) -> None:
        self.source = source
        self.openmetrics = openmetrics
        self.ended = False
        self.types: dict[str, str] = {}
        self.helps: dict[str, str] = {}
        self.units: dict[str, str] = {}
        self.samples: dict[str, list[Sample]] = {}
        self.owners: dict[str, str] = {}

    def error(self, line: int, message: str, help_: str) -> ExpositionError:
        return ExpositionError(message, help=help_, source=Source(self.source, line))

    def read(self, number: int, line: str) -> None:
        if not line or line.isspace():
            return
        if self.ended:
            raise self.error(number, "there is text after # EOF", "an OpenMetrics exposition ends there")
        if line.startswith("#"):
            self._comment(number, line)
        else:
            self._sample(number, line)

    def _comment(self, number: int, line: str) -> None:
        if line.strip() == "# EOF":
            self.ended = self.openmetrics = True
            return
        found = _COMMENT.match(line)
        if not found:
            return
        word, name, rest = found.groups()
        name = _unquoted(name)
        self.samples.setdefault(name, [])
        if word == "TYPE":
            self._type(number, name, rest.strip())
        elif word == "HELP":
            self.helps[name] = _unescaped(rest)
        else:
            self.openmetrics = True
            self.units[name] = rest.strip()

    def _type(self, number: int, name: str, kind: str) -> None:
        if kind not in KINDS:
            known = ", ".join(sorted(KINDS))
            raise self.error(number, f"{name} has the type {kind!r}; there are {known}", "is the line cut off?")
        if self.types.get(name, kind) != kind:
            raise self.error(
                number, f"{name} is a {kind} here and a {self.types[name]} above", "give each metric one type"
            )
        self.openmetrics |= kind in _ONLY_OPENMETRICS
        self.types[name] = kind
        for suffix in _SUFFIXES.get(kind, ("",)):
            self.owners[name + suffix] = name

    def _sample(self, number: int, line: str) -> None:
        found = _SAMPLE.match(line)
        if not found:
            raise self._unreadable(number, line)
        name, pairs, value, timestamp = found.groups()
        labels = self._labels(number, line, pairs) if pairs else {}
        name = name or labels.pop("__name__", "")
        if not name:
            raise self._unreadable(number, line)
        try:
            sample = Sample(name, labels, float(value), float(timestamp) if timestamp else None)
        except ValueError:
            raise self._unreadable(number, line) from None
        self.samples.setdefault(self.owners.get(name, name), []).append(sample)
        if name.endswith("_total") and self.types.get(name[:-6]) == "counter":
            self.openmetrics = True

    def _labels(self, number: int, line: str, text: str) -> dict[str, str]:
        labels: dict[str, str] = {}
        place = 0
        while place < len(text):
            found = _PAIR.match(text, place)
            if not found:
                raise self._unreadable(number, line)
            name, value = found.groups()
            if value is None:
                labels["__name__"] = _unquoted(name)
            else:
                labels[_unquoted(name)] = _unquoted(value)
            place = found.end()
        return labels

    def _unreadable(self, number: int, line: str) -> ExpositionError:
        shown = line if len(line) <= 80 else f"{line[:77]}..."
        return self.error(
            number, f"this is no sample: {shown}", 'write name{label="value"} number; or is the text cut off here?'
        )

    def end(self, last: int, *, whole_line: bool) -> None:
        """Holds the exposition to its end."""
        way_out = "get it again, whole"
        if self.openmetrics and not self.ended:
            ending = f"{way_out}; or end it in a line # EOF, where nothing is missing"
            raise self.error(last, "the exposition is cut off: OpenMetrics ends in # EOF", ending)
        if not whole_line and not self.ended:
            raise self.error(last, "the exposition is cut off: its last line has no end", f"{way_out}, or end the line")
        if not self.samples:
            raise self.error(last, "there are no metrics here", "name what a program exports at /metrics")
        family = list(self.samples)[-1]
        if self.types.get(family) == "histogram" and self.samples[family] and not self._is_whole(family):
            raise self.error(last, f"the exposition is cut off: the histogram {family} is not whole", way_out)

    def _is_whole(self, histogram: str) -> bool:
        samples = self.samples[histogram]
        names = {sample.name for sample in samples}
        last_bucket = next((one for one in reversed(samples) if one.name == f"{histogram}_bucket"), None)
        return f"{histogram}_count" in names and last_bucket is not None and last_bucket.labels.get("le") == "+Inf"

    def families(self) -> Iterator[Family]:
        scale = 1 if self.openmetrics else 1000
        for name, samples in self.samples.items():
            kind = self.types.get(name, "unknown")
            yield Family(
                f"{name}_total" if self.openmetrics and kind == "counter" and not name.endswith("_total") else name,
                "unknown" if kind == "untyped" else kind,
                self.helps.get(name, ""),
                self.units.get(name, ""),
                tuple(_in_seconds(samples, scale)),
            )


def _in_seconds(samples: Iterable[Sample], scale: int) -> Iterator[Sample]:
    """Timestamps are milliseconds in Prometheus text, seconds in OpenMetrics."""
    for sample in samples:
        if sample.timestamp is None:
            yield sample
        else:
            yield Sample(sample.name, sample.labels, sample.value, sample.timestamp / scale)


def _unquoted(text: str) -> str:
    return _unescaped(text[1:-1]) if text.startswith('"') else text


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text) if "\\" in text else text
