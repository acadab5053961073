import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.promql.durations import duration_text, milliseconds_of


@pytest.mark.parametrize(
    ("text", "length"), [("5m", 300_000), ("1h30m", 5_400_000), ("15s", 15_000), ("1d", 86_400_000), ("250ms", 250)]
)
def test_durations_are_read_as_prometheus_reads_them(text: str, length: int) -> None:
    assert milliseconds_of(text) == length


@pytest.mark.parametrize("text", ["", "5", "5 m", "m", "5min", "30m1h", "-5m", "1.5h", "٣m"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        milliseconds_of(text)


@given(st.integers(min_value=1, max_value=10**11))
def test_text_of_a_length_has_that_length(length: int) -> None:
    assert milliseconds_of(duration_text(length)) == length
