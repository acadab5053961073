"""YAML (and so JSON) whose values know their line, for tables that people keep by hand.

It imports nothing of ours, so an application can use it at no cost. Scalars stay text: 0.1 is exactly that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import yaml


class TableError(ValueError):
    """What is wrong with a table, where, and the way out. `line` counts from 1."""

    def __init__(self, message: str, *, help: str, file: str, line: int | None = None) -> None:  # noqa: A002
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.message, self.help, self.file, self.line = message, help, file, line

    def __str__(self) -> str:
        return f"{super().__str__()}; {self.help}"


@dataclass(frozen=True, slots=True)
class Value:
    """A node of a table, with its place."""

    node: yaml.Node
    file: str

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    def wrong(self, message: str, help: str) -> TableError:  # noqa: A002
        return TableError(message, help=help, file=self.file, line=self.line)

    def text(self) -> str:
        """A single value. Raises TableError where this is a list or a mapping, or nothing."""
        if not isinstance(self.node, yaml.ScalarNode) or self.node.value in ("", "~", "null"):
            raise self.wrong("a single value is expected here", "write one")
        return str(self.node.value)

    def number(self) -> Decimal:
        """An exact, finite number."""
        try:
            number = Decimal(self.text())
        except InvalidOperation:
            raise self.wrong(f"{self.text()!r} is no number", "write it plainly: 100, 0.25") from None
        if not number.is_finite():
            raise self.wrong(f"{self.text()} is no amount", "write a number that ends")
        return number

    def items(self) -> Iterator[tuple[str, Value, Value]]:
        """The entries of a mapping: key, the key's place, value. Raises TableError where a key is there twice."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong("names with values are expected here", "write `name: value`")
        seen: dict[str, int] = {}
        for key_node, value_node in self.node.value:
            key, value = Value(key_node, self.file), Value(value_node, self.file)
            name = key.text()
            if name == "<<":
                raise key.wrong("`<<` is not known here", "write the values out")
            if name in seen:
                raise key.wrong(f"{name} is there twice; the other one stands in line {seen[name]}", "keep one of them")
            seen[name] = key.line
            yield name, key, value

    def entries(self) -> Iterator[Value]:
        """The entries of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.wrong("a list is expected here", "begin each entry with `- `")
        return (Value(node, self.file) for node in self.node.value)


def read_table(file: str | Path) -> Value:
    """The table in a file. Raises TableError where it cannot be read, or is empty."""
    name = str(file)
    try:
        node = yaml.compose(Path(file).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise TableError(f"cannot be read: {error.strerror}", help="see its name and permissions", file=name) from None
    except UnicodeDecodeError:
        raise TableError("is no text in UTF-8", help="save it as UTF-8", file=name) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise TableError(
            f"is no YAML: {problem}", help="mend the line", file=name, line=mark.line + 1 if mark else None
        ) from None
    if node is None:
        raise TableError("is empty", help="state something in it, or do without it", file=name)
    return Value(node, name)
