"""What goes wrong, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that goes wrong from one minute of the demo's time to another, and the alert that tells of it."""

    name: str
    words: str
    alert: str
    begins: int
    ends: int


SLOW = Incident("slow", "four in ten requests to support wait 12 s for their model", "AgentHighLatency", 5, 25)
FAILING = Incident("failing", "a third of research's requests fail", "AgentHighErrorRate", 10, 30)
THROTTLED = Incident("throttled", "openai refuses half of the calls of gpt-4o", "LLMRateLimitErrors", 40, 60)
EXPENSIVE = Incident("expensive", "globex sends whole books to research", "DailyCostBudgetExceeded", 45, 65)
INCIDENTS = (SLOW, FAILING, THROTTLED, EXPENSIVE)
ROUND = 90  # minutes of the demo's time, after which it all begins again


class Trouble:
    """Which incidents are going on. `at_once` has all of them from the beginning, and without an end."""

    def __init__(self, say: Callable[[str], None], *, at_once: bool) -> None:
        self._say = say
        self._at_once = at_once
        self._active: set[Incident] = set()

    def __contains__(self, incident: Incident) -> bool:
        return incident in self._active

    def tell(self, line: str) -> None:
        self._say(line)

    def at(self, minute: float) -> set[Incident]:
        """Moves on to a minute of the demo's time; gives the incidents that have just ended."""
        now = {one for one in INCIDENTS if self._at_once or one.begins <= minute % ROUND < one.ends}
        begun, over = now - self._active, self._active - now
        for one in sorted(begun, key=INCIDENTS.index):
            self._say(f"INCIDENT  {one.words}")
        for one in sorted(over, key=INCIDENTS.index):
            self._say(f"OVER      {one.words}")
        self._active = now
        return over
