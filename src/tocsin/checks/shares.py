"""Shares in conditions: what is counted among something else is never more of it than there is.

That one counter's events are counted in another, too, is stated in the catalog: no query shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.findings import Finding, Severity
from tocsin.metrics import Counter
from tocsin.promql.parse import PromQLError, tree_of
from tocsin.promql.tree import Aggregate, Binary, Call, Node, Number, Range, Select
from tocsin.promql.world import World
from tocsin.subject import Placed, Subject

_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_GROWTH = frozenset({"rate", "increase"})


@dataclass(frozen=True, slots=True)
class _Counted:
    """The growth of a counter, summed by some labels: None where it is not summed."""

    select: Select
    grouping: frozenset[str] | None
    through: tuple[str, str]


def findings_in(subject: Subject) -> Iterator[Finding]:
    if not any(isinstance(metric, Counter) and metric.part_of for metric, _ in subject.world.series.values()):
        return
    for placed in subject.alerts:
        match _tree(placed.rule.expr):
            case Binary(operator=operator, left=left, right=Number(value=value), boolean=False) if operator in _TURNED:
                yield from _beyond(subject.world, placed, left, operator, float(value))
            case Binary(operator=operator, left=Number(value=value), right=left, boolean=False) if operator in _TURNED:
                yield from _beyond(subject.world, placed, left, _TURNED[operator], float(value))
    if not subject.is_ours:  # of definitions it is the same condition again
        for alert in subject.grafana_alerts:
            tree, of = _tree(alert.placed.rule.expr), alert.comparison
            if tree is not None:
                yield from _beyond(subject.world, alert.placed, tree, of.operator, of.right.low)


def _tree(expr: str) -> Node | None:
    try:
        return tree_of(expr)
    except (PromQLError, ValueError):
        return None


def _beyond(world: World, placed: Placed, left: Node, operator: str, value: float) -> Iterator[Finding]:
    """A threshold that only a share of more than everything reaches."""
    left = _recorded(world, left)
    while isinstance(left, Binary) and left.operator == "*":  # in percent
        factor, of = (left.left, left.right) if isinstance(left.left, Number) else (left.right, left.left)
        if not isinstance(factor, Number) or factor.value <= 0:
            return
        value /= float(factor.value)
        left = _recorded(world, of)
    if not (value >= 1 if operator == ">" else operator == ">=" and value > 1):
        return
    if isinstance(left, Binary) and left.operator == "/" and left.matching.group != "right":
        part, whole = _counted(world, left.left), _counted(world, left.right)
        if part is not None and whole is not None and _is_part(world, part, whole):
            yield Finding(
                "never-fires",
                Severity.ERROR,
                f"it can never fire: the catalog says that each event of {part.select.name} is one of "
                f"{whole.select.name} too, so that this share is 1 at most",
                "choose a threshold below 1; 5 % is 0.05",
                placed.rule.at,
                placed.rule.name,
                " ".join(placed.rule.expr.split()),
            )


def _recorded(world: World, node: Node) -> Node:
    """What a recorded series is made of, where one rule records it."""
    if not isinstance(node, Select) or node.matchers or node.offset or node.at or node.name in world.series:
        return node
    made = world.recordings.get(node.name, ())
    return (_tree(made[0].expr) or node) if len(made) == 1 else node


def _counted(world: World, node: Node) -> _Counted | None:
    match _recorded(world, node):
        case Aggregate(operator="sum", of=of, grouping=grouping, without=False):
            found = _counted(world, of)
            by = frozenset(grouping or ())
            return _Counted(found.select, by, found.through) if found is not None else None
        case Call(function=function, arguments=(Range(of=select, window=window),)) if function in _GROWTH:
            return _Counted(select, None, (function, window.text("panel"))) if select.name else None
        # A zero where nothing of the part has happened, and a guard of the divisor.
        case Binary(operator="or", left=left, right=Binary(operator="*", right=Number(value=value))) if value == 0:
            return _counted(world, left)
        case Binary(operator=">" | "!=", left=left, right=Number(value=value), boolean=False) if value == 0:
            return _counted(world, left)
    return None


def _is_part(world: World, part: _Counted, whole: _Counted) -> bool:
    metric, _ = world.series.get(part.select.name, (None, None))
    stated = metric.part_of if isinstance(metric, Counter) else None
    if stated is None or stated.name != whole.select.name or part.through != whole.through:
        return False
    if (part.select.offset, part.select.at) != (whole.select.offset, whole.select.at):
        return False
    if part.grouping is None or whole.grouping is None or not part.grouping >= whole.grouping:
        return False
    return set(part.select.matchers) >= set(whole.select.matchers)
