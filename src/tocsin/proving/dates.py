"""PromQL's functions of dates, in UTC."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, datetime

DATES: dict[str, Callable[[datetime], int]] = {
    "minute": lambda date: date.minute,
    "hour": lambda date: date.hour,
    "day_of_week": lambda date: (date.weekday() + 1) % 7,
    "day_of_month": lambda date: date.day,
    "day_of_year": lambda date: date.timetuple().tm_yday,
    "days_in_month": lambda date: calendar.monthrange(date.year, date.month)[1],
    "month": lambda date: date.month,
    "year": lambda date: date.year,
}


def date_of(seconds: float) -> datetime:
    """The date of a time in seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)
