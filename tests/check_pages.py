"""The pages of docs/checks: what they say of a check, and the examples that they show.

An example is a fenced block. Its first word is the language (`promql`; `python` for definitions; `yaml` and `json` for
files that are linted), its second what it is for: `bad` (the check finds it), `good` (it does not) or `given` (a rule
file beside it, `rules.yaml`, whose series the examples can read). Further words say where a query stands (`rule`,
`panel`), `interval=5m` how often the rule runs, and `warning` that this bad example is less severe than the page says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from projects import REPOSITORY

from agentmetrics.catalog import CATALOG
from tocsin.promql.context import Context
from tocsin.promql.durations import milliseconds_of
from tocsin.promql.world import Recording, World

FOLDER = REPOSITORY / "docs" / "checks"
SECTIONS = ("In production", "The way out", "Examples")
_FENCE = re.compile(r"^```(\w+) (bad|good|given)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEAD = re.compile(r"# (?P<id>[a-z-]+)\n\n\*\*(?P<severity>error|warning|info)\*\*: (?P<summary>[^\n]+)\n")
_BUDGETS = {"rule": 10_000, "panel": 1_000}


@dataclass(frozen=True)
class Example:
    """One block of a page. `words` are those behind its purpose."""

    language: str
    purpose: Literal["bad", "good", "given"]
    words: tuple[str, ...]
    text: str

    @property
    def context(self) -> Context:
        place: Any = next((word for word in self.words if word in _BUDGETS), None)
        interval = next((word.partition("=")[2] for word in self.words if word.startswith("interval=")), None)
        return Context(place, milliseconds_of(interval) if interval else None, _BUDGETS.get(place))


@dataclass(frozen=True)
class Page:
    """A page, read."""

    path: Path
    text: str

    @cached_property
    def head(self) -> dict[str, str]:
        found = _HEAD.match(self.text)
        assert found, f"{self.path.name} begins with `# id`, an empty line and `**error**: what it finds`"
        return found.groupdict()

    @cached_property
    def examples(self) -> tuple[Example, ...]:
        return tuple(
            Example(found[1], found[2], tuple(found[3].split()), found[4])  # type: ignore[arg-type]
            for found in _FENCE.finditer(self.text)
        )

    @property
    def world(self) -> World:
        """What queries on the page can read: the agents' catalog, and what the page gives."""
        recordings: dict[str, tuple[Recording, ...]] = {}
        for example in self.examples:
            if example.purpose == "given":
                for group in yaml.safe_load(example.text)["groups"]:
                    for rule in group["rules"]:
                        if "record" not in rule:
                            continue
                        recordings[rule["record"]] = (Recording(rule["expr"], rule.get("labels", {})),)
        return World.of([CATALOG], recordings)

    @property
    def row(self) -> str:
        """Its line in the index."""
        return f"| [{self.head['id']}]({self.path.name}) | {self.head['severity']} | {self.head['summary']} |"


def pages() -> dict[str, Page]:
    """All pages, by the id that their file is named after."""
    paths = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
    return {path.stem: Page(path, path.read_text()) for path in paths}
