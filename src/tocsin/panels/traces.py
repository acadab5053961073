"""A table of traces, each row of which leads to its trace."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal

from tocsin.display import quantity_text
from tocsin.model.indicator import Indicator
from tocsin.model.site import Langfuse, Tempo
from tocsin.panels.panel import Look, Panel
from tocsin.units import SECONDS, Quantity, plain

Which = Literal["recent", "slow", "errors"]
_LIMIT = 50


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Traces(Panel):
    """Traces of the shown time range: the most recent, those that took `over` or more, or those that failed.

    `over` is a time, or an indicator, and then the threshold of its alert. The description may name it as {over}.
    """

    which: Which
    over: Quantity | Indicator | None

    ASKS: ClassVar[bool] = False
    HEIGHT: ClassVar[int] = 9

    def __init__(
        self,
        which: Which,
        *,
        title: str,
        description: str,
        over: Quantity | Indicator | None = None,
        width: int | None = None,
    ) -> None:
        if (which == "slow") != (over is not None):
            raise ValueError("slow traces, and no others, need over=: the time that a slow one takes at least")
        Panel.__init__(self, title=title, description=description, width=width)
        object.__setattr__(self, "which", which)
        object.__setattr__(self, "over", over)

    @property
    def settings(self) -> tuple[object, ...]:
        return (self.which, self.over)

    def settled(self, threshold: Callable[[Indicator], Quantity]) -> Traces:
        if self.over is None:
            return self
        over = threshold(self.over) if isinstance(self.over, Indicator) else self.over
        made = copy(self)
        object.__setattr__(made, "over", over)
        object.__setattr__(made, "description", self.description.replace("{over}", quantity_text(over)))
        return made

    @property
    def _seconds(self) -> Decimal | None:
        return self.over.to(SECONDS) if isinstance(self.over, Quantity) else None

    def grafana(self, look: Look) -> Any:
        from grafanalib import core

        traces = look.traces
        source = {
            "type": "tempo" if isinstance(traces, Tempo) else "yesoreyeram-infinity-datasource",
            "uid": traces.uid,
        }
        query = self._tempo(traces) if isinstance(traces, Tempo) else self._langfuse(traces)
        # grafanalib's displayMode is cellOptions today; nulls are left out of the document.
        cells = {"align": "auto", "cellOptions": {"type": "auto"}, "displayMode": None, "filterable": True}
        defaults = {"custom": cells, "unit": None}
        return core.Table(
            dataSource=source,
            targets=[{"refId": "A", "datasource": source, **query}],
            extraJson={
                "fieldConfig": {"defaults": defaults, "overrides": self._overrides(traces)},
                "options": {"cellHeight": "sm", "footer": {"show": False}, "showHeader": True},
            },
        )

    def _tempo(self, tempo: Tempo) -> dict[str, Any]:
        conditions = [tempo.selector]
        if self._seconds is not None:
            conditions.append(f"duration >= {plain(self._seconds)}s")
        if self.which == "errors":
            conditions.append("status = error")
        return {
            "queryType": "traceql",
            "query": f"{{ {' && '.join(conditions)} }}",
            "limit": _LIMIT,
            "spss": 3,
            "tableType": "traces",
        }

    def _langfuse(self, langfuse: Langfuse) -> dict[str, Any]:
        path, parameters, columns = self._langfuse_v3() if langfuse.version == 3 else self._langfuse_v4()
        return {
            "type": "json",
            "source": "url",
            "format": "table",
            "parser": "backend",
            "url": f"{langfuse.url}{path}",
            "url_options": {
                "method": "GET",
                "data": "",
                "params": [{"key": key, "value": value} for key, value in parameters.items()],
            },
            "root_selector": "data",
            "columns": [{"selector": name, "text": text, "type": kind} for name, text, kind in columns],
            "filters": [],
        }

    def _langfuse_v3(self) -> tuple[str, dict[str, str], _Columns]:
        conditions = [
            _condition("datetime", "timestamp", ">=", "${__from:date:iso}"),
            _condition("datetime", "timestamp", "<=", "${__to:date:iso}"),
            *self._langfuse_conditions("errorCount"),
        ]
        parameters = {
            "limit": str(_LIMIT),
            "orderBy": "timestamp.desc",
            "fields": "core,metrics",
            "filter": json.dumps(conditions, separators=(",", ":")),
        }
        return "/api/public/traces", parameters, _COLUMNS_V3

    def _langfuse_v4(self) -> tuple[str, dict[str, str], _Columns]:
        conditions = [
            _condition("datetime", "startTime", ">=", "${__from:date:iso}"),
            _condition("datetime", "startTime", "<=", "${__to:date:iso}"),
            {"type": "boolean", "column": "isRootObservation", "operator": "=", "value": True},
            *self._langfuse_conditions("level"),
        ]
        parameters = {
            "limit": str(_LIMIT),
            "fields": "core,basic,usage,metrics,trace_context",
            "filter": json.dumps(conditions, separators=(",", ":")),
        }
        return "/api/public/v2/observations", parameters, _COLUMNS_V4

    def _langfuse_conditions(self, error_column: str) -> list[dict[str, Any]]:
        if self._seconds is not None:
            return [_condition("number", "latency", ">=", float(self._seconds))]
        if self.which == "errors" and error_column == "level":
            return [{"type": "stringOptions", "column": "level", "operator": "any of", "value": ["ERROR"]}]
        if self.which == "errors":
            return [_condition("number", error_column, ">", 0)]
        return []

    def _overrides(self, traces: Langfuse | Tempo) -> list[dict[str, Any]]:
        if isinstance(traces, Tempo):
            return []
        link = (
            f"{traces.web_url}${{__data.fields.Page}}"
            if traces.version == 3
            else f"{traces.web_url}/project/${{__data.fields.Project}}/traces/${{__data.fields.Trace}}"
        )
        return [
            _override("Trace", links=[{"title": "Open the trace", "url": link, "targetBlank": True}]),
            _override("Latency", unit="s"),
            _override("Cost", unit="currencyUSD"),
            *(_override(name, **{"custom.hidden": True}) for name in ("Page", "Project")),
        ]


_Columns = tuple[tuple[str, str, str], ...]
_COLUMNS_V3: _Columns = (
    ("timestamp", "Time", "timestamp"),
    ("id", "Trace", "string"),
    ("name", "Name", "string"),
    ("userId", "User", "string"),
    ("latency", "Latency", "number"),
    ("totalCost", "Cost", "number"),
    ("htmlPath", "Page", "string"),
)
_COLUMNS_V4: _Columns = (
    ("startTime", "Time", "timestamp"),
    ("traceId", "Trace", "string"),
    ("name", "Name", "string"),
    ("userId", "User", "string"),
    ("latency", "Latency", "number"),
    ("totalCost", "Cost", "number"),
    ("statusMessage", "Status", "string"),
    ("projectId", "Project", "string"),
)


def _condition(kind: str, column: str, operator: str, value: str | float) -> dict[str, Any]:
    return {"type": kind, "column": column, "operator": operator, "value": value}


def _override(column: str, **properties: Any) -> dict[str, Any]:
    return {
        "matcher": {"id": "byName", "options": column},
        "properties": [{"id": name, "value": value} for name, value in properties.items()],
    }
