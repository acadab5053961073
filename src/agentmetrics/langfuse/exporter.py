"""Polls Langfuse in the background and shows a scrape what it last said."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agentmetrics.langfuse import catalog
from agentmetrics.langfuse.api import ROW_LIMIT, Api, Health, LangfuseError, Row
from agentmetrics.langfuse.ledger import Key, Ledger, Windows
from agentmetrics.langfuse.views import COUNTED, SHOWN, View
from tocsin import metrics

WINDOW = 300.0
SETTLE = 900.0
PATIENCE = 86400.0
MOST_VALUES = 200
_SHORTEST = 10.0

Say = Callable[[str], None]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class _Counting:
    """A view whose amounts are counted."""

    view: View
    windows: Windows
    ledger: Ledger = field(default_factory=Ledger)


class Exporter(Collector):
    """Langfuse's series. `poll` asks, `collect` shows; a failed question leaves what is shown as it was.

    `window` is the time that is asked for at once, in seconds; how long is waited for what comes late goes with it.
    """

    def __init__(
        self, api: Api, health_urls: Mapping[str, str], clock: Clock, say: Say, *, window: float = WINDOW
    ) -> None:
        self._api, self._health_urls, self._clock, self._say = api, health_urls, clock, say
        self._window = window
        self._lock = threading.Lock()
        times = (window, SETTLE * window / WINDOW, PATIENCE * window / WINDOW)
        self._countings = tuple(_Counting(view, Windows(*times)) for view in COUNTED)
        self._shown: dict[str, dict[Key, Decimal]] = {}
        self._health: dict[str, Health] = {}
        self._succeeded = {view.name: 0.0 for view in (*COUNTED, *SHOWN)}
        self._failures = dict.fromkeys(catalog.reason.values or (), 0)
        self._truncated = dict.fromkeys(self._succeeded, 0)
        self._trouble: dict[str, str] = {}
        self._values: defaultdict[str, set[str]] = defaultdict(set)

    def poll(self, stopped: Callable[[], bool] = lambda: False) -> bool:
        """Asks everything once; tells whether all was answered. Never raises for what Langfuse does."""
        questions: dict[str, Callable[[], None]] = {
            **{part: partial(self._read_health, part, url) for part, url in self._health_urls.items()},
            **{counting.view.name: partial(self._count, counting, stopped) for counting in self._countings},
            **{view.name: partial(self._show, view) for view in SHOWN},
        }
        answered = [self._ask(subject, question) for subject, question in questions.items()]
        return all(answered)

    def _ask(self, subject: str, read: Callable[[], None]) -> bool:
        try:
            read()
        except LangfuseError as error:
            with self._lock:
                self._failures[error.reason] += 1
                if subject in self._health_urls:
                    self._health[subject] = Health(False)
            self._tell(subject, str(error))
            return False
        with self._lock:
            if subject in self._succeeded:
                self._succeeded[subject] = self._clock()
        self._tell(subject, "")
        return True

    def _tell(self, subject: str, trouble: str) -> None:
        """One line where something changes: not one a poll, and not one for each of several that say the same."""
        known = self._trouble.get(subject, "")
        if trouble == known:
            return
        shared = {told for name, told in self._trouble.items() if name != subject and told}
        self._trouble[subject] = trouble
        if trouble and trouble not in shared:
            self._say(f"langfuse {subject}: {trouble}")
        elif not trouble and known not in shared:
            self._say(f"langfuse{f' {subject}' if shared else ''}: answers again")

    def _read_health(self, component: str, url: str) -> None:
        health = self._api.health(url)
        with self._lock:
            self._health[component] = health
        if not health.works:
            raise LangfuseError("server", "its health endpoint says that it does not work")

    def _count(self, counting: _Counting, stopped: Callable[[], bool]) -> None:
        windows, ledger = counting.windows, counting.ledger
        with self._lock:
            ledger.begin()
        for start in windows.due(self._clock()):
            if stopped():
                return
            now = self._clock()
            amounts = self._capped(self._read(counting.view, start, start + self._window))
            with self._lock:
                ledger.count(start, amounts, known=windows.is_known(start))
                windows.read(start, now)
                ledger.forget(windows.oldest)

    def _read(self, view: View, start: float, end: float) -> dict[Key, Decimal]:
        """The amounts of a time; where the answer is cut off, those of its halves."""
        rows = self._rows(view, start, end)
        if len(rows) < ROW_LIMIT:
            return view.summed(rows)
        if end - start <= _SHORTEST:
            self._note_truncated(view)
            return view.summed(rows)
        middle = (start + end) / 2
        found = self._read(view, start, middle)
        for key, amount in self._read(view, middle, end).items():
            found[key] = found.get(key, Decimal(0)) + amount
        return found

    def _rows(self, view: View, start: float, end: float) -> list[Row]:
        return list(self._api.rows(view.question(self._api.version()), start, end))

    def _note_truncated(self, view: View) -> None:
        with self._lock:
            self._truncated[view.name] += 1

    def _capped(self, amounts: Mapping[Key, Decimal]) -> dict[Key, Decimal]:
        """The same with label values beyond the most that we show as one."""
        found: defaultdict[Key, Decimal] = defaultdict(Decimal)
        for (name, values), amount in amounts.items():
            names = catalog.CATALOG.series()[name].label_names
            found[name, tuple(map(self._kept, names, values))] += amount
        return dict(found)

    def _kept(self, label: str, value: str) -> str:
        seen = self._values[label]
        if value not in seen and len(seen) >= MOST_VALUES:
            return "other"
        seen.add(value)
        return value

    def _show(self, view: View) -> None:
        start = self._countings[0].windows.last_complete(self._clock())
        rows = self._rows(view, start, start + self._window)
        if len(rows) > MOST_VALUES:
            self._note_truncated(view)
        shown = view.summed(rows[:MOST_VALUES])
        with self._lock:
            self._shown[view.name] = shown

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            samples = defaultdict(list)
            for name, labels, value in self._samples():
                samples[name].append((labels, value))
        for metric in catalog.CATALOG:
            family = CounterMetricFamily if isinstance(metric, metrics.Counter) else GaugeMetricFamily
            shown = family(metric.name, metric.help, labels=metric.label_names)
            for labels, value in sorted(samples[metric.name]):
                shown.add_metric(labels, value)
            yield shown

    def _samples(self) -> Iterable[tuple[str, tuple[str, ...], float]]:
        amounts = [counting.ledger.totals for counting in self._countings]
        for found in (*amounts, *self._shown.values()):
            for (name, labels), amount in found.items():
                yield name, labels, float(amount)
        for component, health in self._health.items():
            yield catalog.up.name, (component,), float(health.works)
        for version in {health.version for health in self._health.values() if health.version}:
            yield catalog.info.name, (version,), 1.0
        for reason, count in self._failures.items():
            yield catalog.failures.name, (reason,), count
        for view, time in self._succeeded.items():
            yield catalog.last_success.name, (view,), time
        for view, count in self._truncated.items():
            yield catalog.windows_truncated.name, (view,), count
        for counting in self._countings:
            yield catalog.windows_lost.name, (counting.view.name,), counting.windows.lost
