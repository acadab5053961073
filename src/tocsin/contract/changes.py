"""What became of a contract: how a catalog differs from an older one, in ways that break who reads it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tocsin.contract.fleet import is_by_product, prefixes_of
from tocsin.findings import Finding, Severity
from tocsin.metrics import Catalog, Counter, Gauge, Histogram, Metric, bound_text, series_of
from tocsin.readers import Reader, Readers, told
from tocsin.source import Source

# From this likeness on (of help, labels and name, from 0 to 1), a new metric is taken for an old one, renamed.
_RENAMED = 0.7


@dataclass(frozen=True, slots=True)
class Change:
    """One change that breaks readers: of the metric, or only those who say all of `words`."""

    metric: str
    message: str
    help: str
    series: tuple[str, ...]
    words: tuple[str, ...] = ()


def contract_breaks(
    old: Sequence[Catalog], new: Sequence[Catalog], readers: Readers, places: Mapping[str, Source]
) -> Iterator[Finding]:
    """A finding for each change: an error where it breaks something here, a warning where it may break others.

    `places` tells where the catalog of a metric stands, by the metric's name; "" is for those that are gone.
    """
    for change in _changes(old, new):
        broken = [reader for reader in _readers(change, readers) if all(_says(reader, word) for word in change.words)]
        effect = f"this breaks {told(broken)}" if broken else "nothing here reads it, but others may"
        yield Finding(
            "contract-break",
            Severity.ERROR if broken else Severity.WARNING,
            f"{change.message}; {effect}",
            change.help,
            places.get(change.metric, places.get("")),
            change.metric,
        )


def _readers(change: Change, readers: Readers) -> Iterable[Reader]:
    return dict.fromkeys(reader for name in change.series for reader in readers.get(name, ()))


def _says(reader: Reader, word: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", reader.text))


def _changes(old: Sequence[Catalog], new: Sequence[Catalog]) -> Iterator[Change]:
    now = {metric.name: metric for catalog in new for metric in catalog}
    series_now = {name: metric for catalog in new for name, metric in catalog.series().items()}
    targets = {label.name for catalog in new for label in catalog.target_labels} | {"job", "instance"}
    before = {metric.name: metric for catalog in old for metric in _contracted(catalog, new)}
    fresh = [metric for metric in now.values() if metric.name not in before]
    for metric in before.values():
        found = now.get(metric.name) or series_now.get(metric.name)
        if found is None:
            yield _gone(metric, fresh)
        else:
            yield from _differences(metric, found, targets)


def _contracted(catalog: Catalog, new: Sequence[Catalog]) -> Iterator[Metric]:
    """The metrics of an older catalog; of what was merely seen, those that are named like ours."""
    ours = prefixes_of(new)
    known = {name for one in (catalog, *new) for name in one.series()}
    for metric in catalog:
        if not catalog.observed or (metric.name.startswith(ours) and not is_by_product(metric.name, known)):
            yield metric


def _gone(metric: Metric, fresh: Sequence[Metric]) -> Change:
    likely = max(fresh, key=lambda one: _likeness(metric, one), default=None)
    series = tuple(one.name for one in series_of(metric))
    if likely is None or _likeness(metric, likely) < _RENAMED:
        return Change(
            metric.name,
            f"{metric.name} is gone",
            "keep exporting it until nobody reads it any more",
            series,
        )
    return Change(
        metric.name,
        f"{metric.name} is gone; it seems to be called {likely.name} now",
        "export both names until all readers have changed, or keep the old one; the history stays under the old name",
        (*series, *(one.name for one in series_of(likely))),
    )


def _likeness(old: Metric, new: Metric) -> float:
    if type(old) is not type(new):
        return 0
    labels, other = set(old.label_names), set(new.label_names)
    shared = len(labels & other) / len(labels | other) if labels | other else 1
    helps = difflib.SequenceMatcher(None, old.help, new.help).ratio() if old.help else 0
    names = difflib.SequenceMatcher(None, old.name, new.name).ratio()
    return 0.4 * helps + 0.3 * shared + 0.3 * names


def _differences(old: Metric, new: Metric, targets: set[str]) -> Iterator[Change]:
    name = old.name
    series = tuple(one.name for one in series_of(old))
    if _kind(old) and _kind(new) and _kind(old) != _kind(new):
        yield Change(
            name,
            f"{name} was a {_kind(old)} and is a {_kind(new)}",
            "give the new one a name of its own, and export both for a while",
            (*series, *(one.name for one in series_of(new))),
        )
        return
    if old.unit.is_known and new.unit.is_known and old.unit != new.unit:
        yield Change(
            name,
            f"{name} was measured in {old.unit} and is in {new.unit}: each number and threshold means something else",
            "give the new one a name of its own, with its unit in it",
            series,
        )
    yield from _labels(old, new, series, targets)
    if isinstance(old, Histogram) and isinstance(new, Histogram):
        yield from _buckets(old, new)


def _kind(metric: Metric) -> str:
    """counter, gauge or histogram; empty where that is not known."""
    return next((kind.__name__.lower() for kind in (Counter, Gauge, Histogram) if isinstance(metric, kind)), "")


def _labels(old: Metric, new: Metric, series: tuple[str, ...], targets: set[str]) -> Iterator[Change]:
    for label in old.labels:
        kept = next((one for one in new.labels if one.name == label.name), None)
        if kept is None:
            if label.name not in targets and not new.open and label.name != "le":
                yield Change(
                    old.name,
                    f"{old.name} has no label {label.name} any more",
                    "keep the label; where it costs too much, cap its values instead",
                    series,
                    (label.name,),
                )
        elif label.values is not None and kept.values is not None:
            for value in sorted({*label.values} - {*kept.values}):
                yield Change(
                    old.name,
                    f"{label.name} of {old.name} is never {value!r} any more",
                    "keep the value, or change what reads it first",
                    series,
                    (label.name, value),
                )


def _buckets(old: Histogram, new: Histogram) -> Iterator[Change]:
    lost = sorted({*old.buckets} - {*new.buckets})
    if lost:
        gained = sorted({*new.buckets} - {*old.buckets})
        listed = ", ".join(map(bound_text, lost))
        instead = f", and has {', '.join(map(bound_text, gained))} instead" if gained else ""
        yield Change(
            old.name,
            f"{old.name} has no bucket up to {listed} any more{instead}: quantiles and shares near it change",
            "keep the old bounds, and add new ones beside them",
            (old.bucket.name,),
        )
