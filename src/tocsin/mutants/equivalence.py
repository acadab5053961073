"""When a mutant means the same as the rule: laws of PromQL, applied until nothing changes.

Each law is a theorem about every input; its test tries to refute it with a real promtool. A law holds for all
numbers, that is up to the rounding of floating point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tocsin.metrics import Matcher
from tocsin.mutants.constants import number_in
from tocsin.mutants.limits import unseen_below
from tocsin.mutants.sides import asked_twice
from tocsin.mutants.structure import swapped
from tocsin.promql.comparisons import HOLDS
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.tree import Aggregate, Binary, Call, Matching, Node, Number, Range, Select, Window

# They give a value for the same series: those with two samples in the window.
_GROWTH = frozenset({"rate", "increase"})
# They give a value for the same groups, a finite one for finite values.
_MEANS = frozenset({"sum", "avg", "max", "min"})
# Endings of names that no native histogram has.
_OF_NUMBERS = ("_total", "_bucket", "_count", "_sum")
_ABOVE = frozenset({">", ">="})


def scaled_buckets(node: Node) -> Node | None:
    """`histogram_quantile` reads shares of its buckets: a factor common to all of them does not matter."""
    match node:
        case Call("histogram_quantile", (share, buckets)):
            plain = _as_rate(buckets)
            return Call("histogram_quantile", (share, plain)) if plain is not None else None
    return None


def _as_rate(buckets: Node) -> Node | None:
    """Buckets whose increase is taken, with their rate instead: it is the increase divided by the window."""
    match buckets:
        case Aggregate("sum", of, grouping, without, None):
            inner = _as_rate(of)
            return Aggregate("sum", inner, grouping, without) if inner is not None else None
        case Call("increase", (Range() as counted,)):
            return Call("rate", (counted,))
    return None


def nothing_but_labels(floats: frozenset[str]) -> Law:
    """A counter's growth that is multiplied by 0 gives its labels only (a counter is finite): its size is lost.

    Of a native histogram something else is left, and `max` of it is nothing: the counter must be one of numbers, as
    its name says, or as those in `floats` are known to be.
    """

    def law(node: Node) -> Node | None:
        match node:
            case Binary("*", left, Number(value) as zero, matching) if value == 0:
                plain = _only_labels(left, floats)
                return Binary("*", plain, zero, matching) if plain is not None else None
        return None

    return law


def _only_labels(growth: Node, floats: frozenset[str]) -> Node | None:
    """The first of the expressions that have the same series, whatever their values."""
    match growth:
        case Aggregate(mean, of, grouping, without, None) if mean in _MEANS:
            inner = _only_labels(of, floats)
            return Aggregate("sum", inner, grouping, without) if inner is not None else None
        case Call(function, (Range(Select(name)) as counted,)) if function in _GROWTH:
            return Call("increase", (counted,)) if name in floats or name.endswith(_OF_NUMBERS) else None
    return None


def covered_fill(node: Node) -> Node | None:
    """`(a or b[long] * 0) / b[short]`: the fill may reach back further than the divisor, and no division sees it.

    A series that has a growth over the short window has one over the long one. Where only the long one has it, there
    is nothing to divide by.
    """
    match node:
        case Binary("/", Binary("or", filled, Binary("*", fill, Number(value) as zero)) as either, divisor) if (
            value == 0 and node.matching == either.matching == Matching()
        ):
            behind = divisor.left if isinstance(divisor, Binary) and divisor.operator in _ABOVE else divisor
            here, there = _grown(fill), _grown(behind)
            if here and there and here != there and here[0] == there[0] and here[1] >= there[1]:
                fills = Binary("*", behind, zero)
                return Binary("/", Binary("or", filled, fills), divisor)
    return None


def _grown(node: Node) -> tuple[Node, int] | None:
    """A sum of growths, apart from how far back it reaches."""
    match node:
        case Aggregate("sum", of, grouping, without, None):
            inner = _grown(of)
            return (Aggregate("sum", inner[0], grouping, without), inner[1]) if inner else None
        case Call(function, (Range(of, Window(str(duration))),)) if function in _GROWTH:
            return of, milliseconds_of(duration)
    return None


def order_of_difference(node: Node) -> Node | None:
    """How far two values are apart does not depend on which is taken from which: `a - b` is exactly `-(b - a)`."""
    match node:
        case Call("abs", (Binary("-") as difference,)):
            ordered = _ordered(difference)
            return Call("abs", (ordered,)) if ordered != difference else None
        case Binary("==", Binary("-") as difference, right) if number_in(right) == 0:
            return node.with_children((_ordered(difference), right)) if _ordered(difference) != difference else None
        case Binary("^", Binary("-") as difference, Number(power)) if power.is_finite() and power % 2 == 0:
            ordered = _ordered(difference)
            return node.with_children((ordered, Number(power))) if ordered != difference else None
    return None


def _ordered(difference: Binary) -> Binary:
    turned = swapped(difference)
    return turned if turned.text() < difference.text() else difference


def averaged_buckets(names: frozenset[str]) -> Law:
    """The law for histograms, by the names of their buckets, of which all instances have the same buckets.

    Then as many series stand behind each bucket of a group, and their average is their sum over that number.
    """

    def law(node: Node) -> Node | None:
        match node:
            case Call("histogram_quantile", (share, Aggregate("avg", of, grouping, without, None))) if _has_all_buckets(
                of, names
            ):
                return Call("histogram_quantile", (share, Aggregate("sum", of, grouping, without)))
        return None

    return law


def _has_all_buckets(node: Node, names: frozenset[str]) -> bool:
    """Whether where one bucket of a histogram is, all of its buckets are."""
    match node:
        case Aggregate("sum" | "avg", of, _, _, None):
            return _has_all_buckets(of, names)
        case Call(function, (Range(of, _),)) if function in _GROWTH:
            return _has_all_buckets(of, names)
        case Select(name, matchers):
            return name in names and not any(matcher.label == "le" for matcher in matchers)
    return False


def same_evaluation(one: str, other: str, interval: str) -> str | None:
    """Why two lengths of `for` or `keep_firing_for` are one: they pass at the same evaluation, or None.

    `interval` is what the rule's group states: without one the server's own decides, which may be any.
    """
    step = milliseconds_of(interval) if interval else 0
    if step and -(-milliseconds_of(one) // step) == -(-milliseconds_of(other) // step):
        return f"evaluated every {interval}, {one} and {other} pass at the same evaluation"
    return None


def matches_all(node: Node) -> Node | None:
    """A matcher `=~".*"` matches every value, and a label that is not there."""
    if isinstance(node, Select):
        left = tuple(matcher for matcher in node.matchers if not _is_all(matcher))
        if len(left) < len(node.matchers) and (node.name or left):
            return Select(node.name, left, node.offset, node.at)
    return None


def _is_all(matcher: Matcher) -> bool:
    return matcher.operator == "=~" and matcher.value == ".*"


def absence_is_one(node: Node) -> Node | None:
    """`absent` gives 1 or nothing: a comparison that is true of 1 lets it through as it is."""
    match node:
        case Binary(comparison, Call("absent" | "absent_over_time") as missing, right, boolean=False):
            holds, bound = HOLDS.get(comparison), number_in(right)
            return missing if holds is not None and bound is not None and holds(1, bound) else None
    return None


Law = Callable[[Node], Node | None]
LABELS = "what is multiplied by 0 gives nothing but its labels"
LAWS: Mapping[str, tuple[Law, str]] = MappingProxyType(
    {
        "scaled-buckets": (scaled_buckets, "a quantile of buckets does not change when all are scaled alike"),
        "nothing-but-labels": (nothing_but_labels(frozenset()), LABELS),
        "covered-fill": (covered_fill, "no division sees a zero-fill that reaches further back than the divisor"),
        "absence-is-one": (absence_is_one, "`absent` gives 1 or nothing, and 1 passes both comparisons"),
        "matches-all": (matches_all, 'a matcher =~".*" matches everything'),
        "asked-twice": (asked_twice, "the other side of the operation asks the same of that label, by which they meet"),
        "unseen-below": (
            unseen_below,
            "a ratio that is 0 or 0 / 0 does not exceed the threshold, as if it were not there",
        ),
        "order-of-difference": (order_of_difference, "two values are as far apart whichever is taken from the other"),
    }
)
AVERAGED = "all instances have the same buckets, by their contract, so that averages are the sums, all scaled alike"


def why_equivalent(
    before: Node, after: Node, buckets: frozenset[str] = frozenset(), floats: frozenset[str] = frozenset()
) -> str | None:
    """The law by which the two mean the same for every input, or None.

    `buckets` are the names of the histograms' buckets of which a contract says that all instances have the same,
    `floats` those of series that are no native histograms.
    """
    known = ((nothing_but_labels(floats), LABELS), (averaged_buckets(buckets), AVERAGED))
    for law, why in (*LAWS.values(), *known):
        if _normal(before, law) == _normal(after, law):
            return why
    return None


def _normal(node: Node, law: Law) -> Node:
    changed = node.rewrite(law)
    return changed if changed == node else _normal(changed, law)
