"""What of a test is about a rule. A test may ask many things; where one rule is broken, the others need not be run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from tocsin.mutants.reach import Reach, Rules, entries, parsed, reach, read_by_rule
from tocsin.mutants.rule import Rule
from tocsin.mutants.suite import Test, TestFile
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Node, Select

_KINDS = ("alert_rule_test", "promql_expr_test")


def about(test: Test, rule: Rule) -> Test:
    """The test with what it asserts of the rule, or of what the rule can make a difference to, however it is broken.

    It is the whole test where that is not certain, or where that would be over sooner: an evaluation might fail later.
    """
    asked = _asked(test)
    kept = frozenset(number for number, (_, _, found) in enumerate(asked) if rule in found.loaded)
    return _part(test, kept) if 0 < len(kept) < len(asked) else test


@lru_cache(maxsize=4096)
def _asked(test: Test) -> tuple[tuple[str, Mapping[str, Any], Reach], ...]:
    """What a test asserts, one by one, and what each reaches."""
    rules = _rules(test.file)
    return tuple((kind, one, reach({kind: [one]}, rules)) for kind in _KINDS for one in entries(test.data, kind))


@lru_cache(maxsize=4096)
def _rules(file: TestFile) -> Rules:
    return Rules(rule for loaded in file.loads for rule in loaded.rules)


@lru_cache(maxsize=4096)
def _part(test: Test, kept: frozenset[int]) -> Test:
    asked = _asked(test)
    own = [asked[number] for number in sorted(kept)]
    loaded = frozenset().union(*(found.loaded for _, _, found in own))
    trees = [
        *(parsed(str(one.get("expr"))) for kind, one, _ in own if kind == "promql_expr_test"),
        *(tree for rule in loaded for tree in read_by_rule(rule)),
    ]
    names = _names(trees)
    is_over_sooner = _last(one for _, one, _ in own) < _last(one for _, one, _ in asked)
    series = _series(test)
    if names is None or series is None or is_over_sooner:
        return test
    lists = {kind: [one for other, one, _ in own if other == kind] for kind in _KINDS if kind in test.data}
    fed = [one for name in sorted(names) for one in series.get(name, ())]
    data = {**test.data, "input_series": fed, **lists}
    return replace(test, data=data, reach=reach(data, _rules(test.file)))


@lru_cache(maxsize=4096)
def _series(test: Test) -> Mapping[str, list[Mapping[str, Any]]] | None:
    """The input series by their names; None where one has none that we can read."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in entries(test.data, "input_series"):
        node = parsed(str(one.get("series", "")))
        if not isinstance(node, Select) or not node.name:
            return None
        found.setdefault(node.name, []).append(one)
    return found


def _names(trees: Iterable[Node | None]) -> frozenset[str] | None:
    """The names of the series that are read; None where that may be any."""
    names: set[str] = set()
    for tree in trees:
        if tree is None:
            return None
        for part in tree.walk():
            if isinstance(part, Select):
                if not part.name or any(matcher.label == "__name__" for matcher in part.matchers):
                    return None
                names.add(part.name)
    return frozenset(names)


def _last(asked: Iterable[Mapping[str, Any]]) -> int:
    try:
        return max(milliseconds_of(str(one.get("eval_time") or "0s")) for one in asked)
    except ValueError:  # promtool refuses it
        return 0
