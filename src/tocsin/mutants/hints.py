"""What a test must show to notice a mutant."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

HINTS: Mapping[str, str] = MappingProxyType(
    {
        "threshold-near": "state a test whose value lies between the two thresholds",
        "threshold-far": "state a test whose value lies between the two thresholds",
        "comparison": "state one test in which the rule is true, and one in which it is not",
        "boundary": "state a test whose value is the threshold itself",
        "window": "state a test whose series change in the older half of the longer window, and not since",
        "offset": "state a test whose series differ between now and then",
        "quantile": "state a test in which the share of slow observations lies between the two quantiles",
        "rank": "state a test with one series more than are taken",
        "number": "state a test that asserts the value, or one whose value lies just beside the threshold",
        "grouping-drop": "state a test with two values of the label, only one of them in trouble",
        "grouping-add": "state a test with two values of the label that are in trouble only together",
        "matcher-drop": "state a test with a series in trouble that the matcher leaves out",
        "matcher-negate": "state a test with one series that matches and one that does not",
        "join": "state a test with several series on each side, and assert the labels of the result",
        "swap": "state a test that asserts the value",
        "arithmetic": "state a test that asserts the value",
        "set-operator": "state a test for each side alone, and one for both",
        "condition": "state a test in which that side alone is false",
        "fill": "state a test in which that side is the only one that has the series",
        "guard": "state a test in which the comparison is false, and assert that there is no sample and no alert",
        "function": "state a test that asserts the value, or one whose value lies just beside the threshold",
        "function-left-out": "state a test in which the function changes the value",
        "aggregation": "state a test with two series of unequal size in one group",
        "absent": "state one test with the series and one without",
        "for": "state a test that is quiet just before `for` has passed, and fires just after",
        "keep-firing": "state a test that fires just before `keep_firing_for` has passed after recovery, and not after",
        "label": "state a test that fires: promtool compares all labels",
        "annotation": "state a test that fires, with `exp_annotations` and a value that the format changes",
        "record": "state a `promql_expr_test` that reads the series, or a test of an alert that does",
    }
)
# Where the tests look so seldom that both lengths have passed when they look.
TOGETHER = "the tests evaluate every {}, when both have passed: state a shorter `evaluation_interval`, and look between"
