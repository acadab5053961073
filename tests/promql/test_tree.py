from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.metrics import Matcher
from tocsin.promql.parse import PromQLError, prettify, tree_of
from tocsin.promql.tree import (
    ADAPTIVE,
    SHOWN,
    Aggregate,
    Binary,
    Call,
    Matching,
    Negate,
    Node,
    Number,
    Range,
    Select,
    Subquery,
    Window,
)

names = st.sampled_from(["up", "a:b", "requests_total"])
labels = st.sampled_from(["job", "le", "pod"])
windows = st.sampled_from(["5m", "1h30m", "30s"]).map(Window)
selects = st.builds(
    Select,
    names,
    st.lists(
        st.builds(Matcher, labels, st.sampled_from(["=", "!=", "=~", "!~"]), st.sampled_from(["x", "a|b", 'q"\\.'])),
        max_size=2,
    ).map(tuple),
    st.sampled_from([None, "5m", "-1m"]),
)
numbers = st.integers(0, 9).map(lambda number: Number(Decimal(number)))


def _grown(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    groupings = st.lists(labels, max_size=2, unique=True).map(tuple)
    matchings = st.one_of(
        st.just(Matching()),
        st.builds(Matching, groupings, st.booleans()),
        st.builds(Matching, groupings, st.just(False), st.sampled_from(["left", "right"]), st.just(())),
    )
    return st.one_of(
        st.builds(Negate, children),
        st.builds(lambda of: Call("abs", (of,)), children),
        st.builds(lambda of, window: Call("max_over_time", (Subquery(of, window, "1m"),)), children, windows),
        st.builds(lambda of, window: Call("rate", (Range(of, window),)), selects, windows),
        st.builds(Aggregate, st.sampled_from(["sum", "max"]), children, groupings, st.booleans()),
        st.builds(Binary, st.sampled_from(["+", "-", "*", "/", "^", "%"]), children, children, matchings),
        st.builds(Binary, st.sampled_from([">", "<="]), children, children, st.just(Matching()), st.booleans()),
        st.builds(
            lambda op, left, right: Binary(op, left, right),
            st.sampled_from(["and", "or", "unless"]),
            children,
            children,
        ),
    )


expressions = st.recursive(selects, _grown, max_leaves=12)


@given(expressions)
def test_what_is_printed_parses_to_the_same_tree(node: Node) -> None:
    assert tree_of(node.text()) == node


@pytest.mark.parametrize(
    "text",
    [
        "a - (b - c)",
        "(a + b) * c",
        "a ^ b ^ c",
        "(a ^ b) ^ c",
        "-(a + b)",
        "-a ^ b",
        "a / ignoring (x) group_left () (sum(b) > 0)",
        "sum without () (a)",
        "a > bool b",
        "a offset 5m",
        "rate(a[5m] offset -1m)",
        "max_over_time(a[1h:5m] offset 1d)",
        'label_replace(a, "b", "$1", "c", "(.*)")',
        "a and on () vector(1)",
        "0.1 + Inf",
    ],
)
def test_brackets_stand_only_where_they_are_needed(text: str) -> None:
    assert tree_of(text).text() == text


def test_open_windows_are_closed_for_their_place() -> None:
    node = Call("rate", (Range(Select("a"), ADAPTIVE),))
    assert node.text("rule") == "rate(a[5m])"
    assert node.text("panel") == "rate(a[$__rate_interval])"


def test_shown_time_range_has_no_place_in_a_rule() -> None:
    node = Call("increase", (Range(Select("a"), SHOWN),))
    assert node.text("panel") == "increase(a[$__range])"
    with pytest.raises(ValueError, match="a rule has none"):
        node.text("rule")


@pytest.mark.parametrize("variable", ["$__rate_interval", "$__interval", "$__range", "${__rate_interval}"])
def test_grafanas_intervals_survive_parsing(variable: str) -> None:
    plain = variable.replace("{", "").replace("}", "")
    assert tree_of(f"rate(a[{variable}])").text("panel") == f"rate(a[{plain}])"
    assert plain in prettify(f"sum(rate(a[{variable}]))")


def test_text_that_is_no_promql_is_quoted() -> None:
    with pytest.raises(PromQLError, match=r"unclosed left parenthesis in 'sum\(rate\(x\[5m\]\)'"):
        tree_of("sum(rate(x[5m])")


def test_rewriting_replaces_the_outermost_node_that_answers() -> None:
    node = tree_of("sum(rate(a[5m])) / sum(b)")

    def change(part: Node) -> Node | None:
        return Select("recorded") if part == tree_of("sum(rate(a[5m]))") else None

    assert node.rewrite(change).text() == "recorded / sum(b)"
    assert node.rewrite(lambda _: None) is node
