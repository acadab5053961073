"""JSON and YAML with the lines of what they hold, fast: parsed by C and Rust, the lines found beside."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
import yaml

from tocsin.source import Source

_START = ""
# The keys of JSON whose lines are wanted. Each stands once in an object, in the order in which it is parsed.
_KEYS = frozenset({"expr", "name", "title", "gridPos", "uid", "alert", "record", "refId"})
# Begins with a quote, which the search jumps to; what stands before it is looked at then.
_KEY = re.compile(rb'"(?<!\\")(?:' + "|".join(sorted(_KEYS)).encode() + rb')"\s*:')
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class UnreadableError(ValueError):
    """Text that is neither JSON nor YAML. `line` is where that shows."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class _JsonLines:
    """The lines of interesting keys, found when one is asked for: of most dashboards nothing is told."""

    __slots__ = ("_found", "_raw", "_value")

    def __init__(self, raw: bytes, value: Any) -> None:
        self._raw = raw
        self._value = value
        self._found: dict[tuple[int, str], int] | None = None

    def get(self, key: tuple[int, str]) -> int | None:
        if self._found is None:
            self._found = _json_lines(self._raw, self._value)
        return self._found.get(key)


@dataclass(frozen=True, slots=True)
class Located:
    """A parsed document. YAML scalars are all text, but for null: what they mean depends on where they stand.

    `doubled` are the keys that stand twice in a mapping of YAML, and where; the last one holds here. `index` counts the
    documents of a text from 0.
    """

    value: Any
    file: str
    _lines: dict[tuple[int, str], int] | _JsonLines = field(default_factory=dict)
    _first: int = 0
    text: bytes = b""
    doubled: tuple[tuple[str, Source], ...] = ()
    index: int = 0

    def at(self, container: Any, key: str = _START) -> Source:
        """Where a mapping starts, or the value of one of its keys: the nearest place that is known."""
        lines = self._lines
        line = lines.get((id(container), key)) or lines.get((id(container), _START))
        if line is None and isinstance(container, dict):
            known = (lines.get((id(container), name)) for name in container if name in _KEYS)
            line = min((found for found in known if found is not None), default=None)
        return Source(self.file, line + self._first if line is not None else None)


class Place:
    """Where something of a document stands, found when it is asked for."""

    __slots__ = ("_container", "_document", "_key")

    def __init__(self, document: Located, container: Any, key: str = _START) -> None:
        self._document = document
        self._container = container
        self._key = key

    @property
    def source(self) -> Source:
        return self._document.at(self._container, self._key)

    def __reduce__(self) -> tuple[type[Known], tuple[Source]]:
        """Packs what is asked for, not the document."""
        return Known, (self.source,)


class Known(NamedTuple):
    """The same, where it is known."""

    source: Source


def parsed(raw: bytes, file: str, first: int = 0) -> Iterator[Located]:
    """The documents in a text: JSON where it looks like that, else YAML. `first` is the line before its first.

    Raises UnreadableError.
    """
    wide, raw = raw, plain(raw)
    if wide is not raw and raw[:1] in (b"{", b"["):
        raise UnreadableError("it is UTF-16, and JSON is UTF-8")
    if raw.lstrip()[:1] in (b"{", b"["):
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            if file.endswith(".json"):
                raise UnreadableError(f"it is no JSON: {error.msg}", first + error.lineno) from None
        else:
            yield Located(value, file, _JsonLines(raw, value), first, raw)
            return
    yield from _yaml(raw, file, first)


def plain(raw: bytes) -> bytes:
    """The text in UTF-8, where it is UTF-16 as Windows writes it, which YAML may be; else as it is."""
    return raw.decode("utf-16", errors="replace").encode() if raw.startswith(_UTF_16) else raw


def _json_lines(raw: bytes, value: Any) -> dict[tuple[int, str], int]:
    """The lines of the interesting keys: the nth in the text is the nth in the order of the parse."""
    keys: list[tuple[int, str]] = []
    try:
        _note_keys(value, keys)
        lines: dict[tuple[int, str], int] = {}
        line, position = 1, 0
        for found, key in zip(_KEY.finditer(raw), keys, strict=True):
            start = found.start()
            line += raw.count(b"\n", position, start)
            position = start
            lines[key] = line
    except (ValueError, RecursionError):  # a key stands twice in an object: where the others stand cannot be told
        return {}
    return lines


def _note_keys(container: Any, keys: list[tuple[int, str]]) -> None:
    """The interesting keys in the order of the text, each with the id of what it stands in."""
    if container.__class__ is dict:
        for key, value in container.items():
            if key in _KEYS:
                keys.append((id(container), key))
            kind = value.__class__
            if kind is dict or kind is list:
                _note_keys(value, keys)
    elif container.__class__ is list:
        for value in container:
            kind = value.__class__
            if kind is dict or kind is list:
                _note_keys(value, keys)


def _yaml(raw: bytes, file: str, first: int) -> Iterator[Located]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"it is no UTF-8: {error.reason}", first + raw.count(b"\n", 0, error.start) + 1) from None
    try:
        yield from _documents(yaml.parse(text, Loader=yaml.CSafeLoader), file, first, raw)
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        line = first + mark.line + 1 if mark else None
        raise UnreadableError(f"it is no YAML: {error.problem or error.context}", line) from None
    except yaml.reader.ReaderError as error:
        character = f"the character #x{ord(text[error.position]):04x} may not stand there"
        line = first + text.count("\n", 0, error.position) + 1
        raise UnreadableError(f"it is no YAML: {character}", line) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise UnreadableError(f"it is no YAML: {' '.join(str(error).split())}", first or None) from None


def _documents(events: Iterable[Any], file: str, first: int, raw: bytes) -> Iterator[Located]:
    feed = iter(events)
    starts = (event for event in feed if event.__class__ is yaml.DocumentStartEvent)
    for index, _ in enumerate(starts):
        made = _Composed(feed)
        value = made.value(next(feed))
        doubled = tuple((key, Source(file, first + line)) for key, line in made.doubled)
        yield Located(value, file, made.lines, first, raw, doubled, index)


class _Composed:
    """A value made of the parser's events by hand, which is several times faster than PyYAML's nodes."""

    def __init__(self, feed: Iterator[Any]) -> None:
        self.lines: dict[tuple[int, str], int] = {}
        self.doubled: list[tuple[str, int]] = []
        self._feed = feed
        self._anchors: dict[str, Any] = {}

    def value(self, event: Any) -> Any:
        kind = event.__class__
        value: Any
        if kind is yaml.ScalarEvent:
            value = _scalar(event)
        elif kind is yaml.AliasEvent:
            # Known when it is complete, so that nothing holds itself.
            if event.anchor not in self._anchors:
                problem = f"nothing above is called &{event.anchor}"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
            return self._anchors[event.anchor]
        elif kind is yaml.SequenceStartEvent:
            value = []
            for item in self._feed:
                if item.__class__ is yaml.SequenceEndEvent:
                    break
                value.append(self.value(item))
        else:
            value = {}
            mark: Any = event.start_mark
            self.lines[id(value), _START] = mark.line + 1
            self._fill(value)
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _fill(self, mapping: dict[Any, Any]) -> None:
        merged: list[dict[Any, Any]] = []
        for event in self._feed:
            if event.__class__ is yaml.MappingEndEvent:
                break
            key = self.value(event)
            following = next(self._feed)
            if following.__class__ is yaml.ScalarEvent:
                # The text of a block scalar starts on the line below its mark.
                mark: Any = following.start_mark
                self.lines[id(mapping), str(key)] = mark.line + (2 if following.style in ("|", ">") else 1)
            value = self.value(following)
            if key == "<<":
                merged += [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, dict)]
            elif not isinstance(key, dict | list):
                if key in mapping:
                    place: Any = event.start_mark
                    self.doubled.append((str(key), place.line + 1))
                mapping[key] = value
        for part in merged:
            for key, value in part.items():
                mapping.setdefault(key, value)


def _scalar(event: Any) -> str | None:
    value: str = event.value
    return None if event.implicit[0] and not event.style and value in _NULLS else value
