"""Where an expression stands: some checks depend on it."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Context(NamedTuple):
    """An expression in a rule that runs every `interval` milliseconds, or in a panel; nowhere where `place` is None.

    `budget` is the number of series that its result may have, `record` the name under which the rule records it;
    an alert's rule records nothing. A panel may ask for the value of one `instant` alone.
    """

    place: Literal["rule", "panel"] | None = None
    interval: int | None = None
    budget: int | None = None
    record: str | None = None
    instant: bool = False

    @property
    def is_alert(self) -> bool:
        return self.place == "rule" and self.record is None


NOWHERE = Context()
