import pytest

from agentmetrics.catalog import CATALOG, agent_errors, agent_request_duration, llm_tokens
from tocsin.metrics import (
    Catalog,
    ContractError,
    Counter,
    Gauge,
    Histogram,
    Label,
    Matcher,
    matching,
    unlike,
)
from tocsin.units import REQUESTS, SECONDS


def test_calling_a_metric_selects_its_series() -> None:
    selected = llm_tokens(token_type="input", model=matching("gpt-.*"))
    assert [str(matcher) for matcher in selected.matchers] == ['token_type="input"', 'model=~"gpt-.*"']


def test_unknown_label_names_the_nearest() -> None:
    with pytest.raises(ContractError, match="agent_errors_total has no label agent; did you mean agent_name"):
        agent_errors(agent="support")


def test_value_outside_a_closed_set_names_the_nearest() -> None:
    with pytest.raises(ContractError, match="no token_type 'inputs'; did you mean 'input'"):
        llm_tokens(token_type="inputs")
    with pytest.raises(ContractError, match="no token_type"):
        llm_tokens(token_type=unlike("completion"))


def test_histogram_is_three_series_to_a_query() -> None:
    names = [name for name in CATALOG.series() if name.startswith("agent_request_duration_seconds")]
    assert names == [f"agent_request_duration_seconds_{part}" for part in ("bucket", "sum", "count")]
    assert agent_request_duration.bucket.label("le").values == (
        *("0.1", "0.5", "1.0", "2.0", "5.0", "10.0", "30.0", "60.0"),
        "+Inf",
    )


def test_sum_of_a_histogram_divided_by_its_count_has_the_histograms_unit() -> None:
    assert agent_request_duration.sum.unit / agent_request_duration.count.unit == SECONDS


@pytest.mark.parametrize("buckets", [(), (1, 1), (2, 1)])
def test_buckets_are_finite_and_ascending(buckets: tuple[float, ...]) -> None:
    with pytest.raises(ContractError, match="ascending"):
        Histogram("h", "help", unit=SECONDS, buckets=buckets)


def test_names_are_what_prometheus_takes() -> None:
    with pytest.raises(ContractError, match="no metric name"):
        Counter("agent-errors", "help", unit=REQUESTS)
    with pytest.raises(ContractError, match="no label name"):
        Label("agent-name")
    with pytest.raises(ContractError, match="twice"):
        Gauge("g", "help", labels=(Label("a"), Label("a")), unit=REQUESTS)


def test_catalog_refuses_a_series_that_it_has_already() -> None:
    histogram = Histogram("h", "help", unit=SECONDS, buckets=(1,))
    with pytest.raises(ContractError, match="h_count twice"):
        Catalog("c", (histogram, Counter("h_count", "help", unit=REQUESTS)))


def test_matcher_escapes_its_value() -> None:
    assert str(Matcher("a", "=", 'say "hi"\\\n')) == 'a="say \\"hi\\"\\\\\\n"'


def test_every_stated_threshold_and_target_is_a_bucket_bound() -> None:
    thresholds = {
        "agent_request_duration_seconds": (5, 10),
        "llm_inference_duration_seconds": (3, 8),
        "tool_execution_duration_seconds": (1, 3),
        "vector_search_duration_seconds": (0.2, 0.5),
    }
    for name, bounds in thresholds.items():
        histogram = CATALOG.histogram(name)
        assert histogram is not None
        assert set(bounds) <= set(histogram.buckets)
