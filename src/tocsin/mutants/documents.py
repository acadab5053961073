"""YAML that is read and written again as it stood: plain scalars stay as they were, and all parts know their lines.

`reading` keeps what a file means; what is broken and run again must keep all that it says.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tocsin.findings import TocsinError
from tocsin.source import Source

_TEXT = "tag:yaml.org,2002:str"


class Block(dict[str, Any]):
    """A mapping, and the line on which it begins."""

    line: int | None = None


class Scalar(str):
    """A scalar as it was written, and its line; `is_text` where it is no number, truth or time.

    `first` is the line on which its text begins: that of a block begins on the next.
    """

    line: int | None = None
    first = 1
    is_text = True


def line_of(value: object) -> int | None:
    """The line on which a part of a document begins."""
    return value.line if isinstance(value, Block | Scalar) else None


def read_bytes(path: Path) -> bytes:
    """What stands in a file. Raises TocsinError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise TocsinError(
            f"cannot read it: {error.strerror}", help="name a file that is there", source=Source(str(path))
        ) from None


def read(content: bytes, path: Path) -> list[Any]:
    """The documents of a file with this content. Raises TocsinError where it is no YAML."""
    try:
        return [one for one in yaml.load_all(content, Loader=_loader()) if one is not None]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise TocsinError(
            f"no YAML: {getattr(error, 'problem', None) or error}",
            help="mend the file",
            source=Source(str(path), mark.line + 1 if mark else None),
        ) from None


def read_within(text: Scalar, path: Path) -> list[Any]:
    """The documents of a text that stands in a file, with the lines of the file."""
    return read(("\n" * (text.first - 1) + text).encode(), path)


def write(data: Any) -> bytes:
    text = yaml.dump(data, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=1000, encoding="utf-8")
    assert isinstance(text, bytes)
    return text


@cache
def _loader() -> Any:
    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        pass

    def scalar(loader: Any, node: Any) -> Scalar:
        made = Scalar(loader.construct_scalar(node))
        made.line = node.start_mark.line + 1
        made.first = made.line + (node.style in ("|", ">"))
        made.is_text = node.tag == _TEXT
        return made

    def block(loader: Any, node: Any) -> Any:
        made = Block()
        yield made
        made.line = node.start_mark.line + 1
        loader.flatten_mapping(node)
        made.update({str(key): value for key, value in loader.construct_mapping(node).items()})

    for tag in (_TEXT, *(f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "timestamp", "value"))):
        Loader.add_constructor(tag, scalar)
    Loader.add_constructor("tag:yaml.org,2002:map", block)
    return Loader


@cache
def _dumper() -> Any:
    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    def scalar(dumper: Any, value: Scalar) -> Any:
        tag = _TEXT if value.is_text else dumper.resolve(yaml.ScalarNode, str(value), (True, False))
        return dumper.represent_scalar(tag, str(value), style="|" if "\n" in value else None)

    Dumper.add_representer(Scalar, scalar)
    Dumper.add_representer(Block, lambda dumper, value: dumper.represent_dict(value))
    return Dumper
