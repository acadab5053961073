"""`label_replace` and `label_join`: what they make of a label set."""

from __future__ import annotations

from tocsin.promql.labels import ANY, Known, LabelSet
from tocsin.promql.types import GROWING, Kind, Type
from tocsin.promql.variables import has_variable

_WHOLE = ("(.*)", "^(.*)$", "(.+)")


def replaced(arguments: tuple[Type, ...]) -> Type:
    of, *texts = arguments
    label, replacement, source, pattern = (text.text for text in texts)
    if label is None or replacement is None or source is None or pattern is None or has_variable(label):
        return _with_any(of)
    return _with_label(of, label, _replaced(of.labels, label, replacement, source, pattern))


def _replaced(labels: LabelSet, label: str, replacement: str, source: str, pattern: str) -> Known | None:
    """What is known of the label afterwards; None where it is gone."""
    before, origin = labels.get(label), _source(labels, source)
    if replacement == "$1" and pattern in _WHOLE and origin is not None:
        if pattern != "(.+)" or origin.sure:
            return Known(origin.values, origin.sure, origin.cardinality, origin.target)
        return _either(before, Known(origin.values, True, origin.cardinality))
    always = pattern in (".*", "(.*)") or (pattern == "" and origin is None)
    always = always or (pattern in (".+", "(.+)") and origin is not None and origin.sure)
    if "$" in replacement:
        return Known()
    after = Known(frozenset({replacement}), True, 1) if replacement else None
    return after if always else _either(before, after)


def _either(before: Known | None, after: Known | None) -> Known | None:
    if before is None or after is None:
        left = before or after
        return left._replace(sure=False) if left is not None else None
    values = before.values | after.values if before.values is not None and after.values is not None else None
    return Known(values, before.sure and after.sure, len(values) if values is not None else None)


def joined(arguments: tuple[Type, ...]) -> Type:
    of, label, separator, *sources = arguments
    if label.text is None or has_variable(label.text):
        return _with_any(of)
    found = [_source(of.labels, source.text or "") for source in sources]
    sure = any(known is not None and known.sure for known in found) or (_is_written(separator) and len(sources) > 1)
    possible = sure or has_variable(separator.text or "") or any(known is not None for known in found)
    return _with_label(of, label.text, Known(sure=sure) if possible else None)


def _with_label(of: Type, label: str, known: Known | None) -> Type:
    if label == "__name__":
        return of.but(comparison=None, origin=None)
    if label == "le":
        of = without_bounds(of)
    labels = of.labels.drop([label])
    if known is not None:
        labels = labels.with_label(label, known)
    return of.but(labels=labels, comparison=None, origin=None)


def _source(labels: LabelSet, name: str) -> Known | None:
    """What is known of a label that is read. A label set is without the metric's name, a series mostly is not."""
    return ANY if name == "__name__" or has_variable(name) else labels.get(name)


def _is_written(text: Type) -> bool:
    """Whether there is a character in any case: a variable may be empty."""
    return bool(text.text) and not has_variable(text.text or "")


def _with_any(of: Type) -> Type:
    """The same after something wrote nobody knows which label."""
    return without_bounds(of).but(labels=LabelSet({}, False), comparison=None, origin=None)


def without_bounds(of: Type) -> Type:
    """The same after something wrote `le`: what it says there is no bound that the catalog knows."""
    if of.kind is Kind.QUANTILE:
        return of
    return of.but(kind=Kind.OPEN if of.kind in GROWING else of.kind, buckets=None, observed=None)
