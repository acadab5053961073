"""Credentials that stand where they can be read: told by their shape, or by the name of the field that they are in.

A reference is no credential: `$NAME`, `${NAME}`, `$__file{...}`, a template, the name of an environment variable, or a
placeholder such as `<token>`.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

# What is sure by its shape. The word is what a user calls it.
_SHAPES = {
    "AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{50,}",
    "GitLab token": r"\bglpat-[\w-]{20,}",
    "Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    "Slack webhook": r"hooks\.slack\.com/services/T\w+/B\w+/\w{20,}",
    "Discord webhook": r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{40,}",
    "Langfuse key": r"\b[sp]k-lf-[0-9a-f]{8}-[0-9a-f-]{27}",
    "LangSmith key": r"\blsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{8,}",
    "model provider's key": r"\bsk-(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9_-]{20,}",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{34,}",
    "Google API key": r"\bAIza[\w-]{35}",
    "Stripe key": r"\b[sr]k_live_[A-Za-z0-9]{24,}",
    "Grafana token": r"\bglsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|\bglc_[A-Za-z0-9+/=]{40,}",
    "JSON web token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    "private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "password in an address": r"\b[a-z][a-z0-9+.-]*://[^\s/:@\"'<>{}$]*:(?![$<{*])[^\s/@\"'<>{}]+@(?=[\w\[])",
    "authorization header": r"\b(?:Bearer|Basic) (?=[\w.+/-]*\d)(?=[\w.+/-]*[A-Za-z])[\w.+/-]{20,}=*",
}
_SHAPE = re.compile("|".join(f"(?P<s{number}>{shape})" for number, shape in enumerate(_SHAPES.values())))
_KINDS = {f"s{number}": kind for number, kind in enumerate(_SHAPES)}
# Without one of these no shape is there, and to look for them first is much faster.
_SIGNS = (
    *(
        "AKIA",
        "ASIA",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "xox",
        "hooks.slack",
        "/webhooks/",
    ),
    *("lsv2_", "k-lf-", "sk-", "hf_", "AIza", "k_live_", "glsa_", "glc_", "eyJ", "PRIVATE KEY", "Bearer ", "Basic "),
)
_LOGIN = re.compile(r"://[^\s/:@\"'<>{}$]*:[^\s/@\"'<>{}]+@")
# Fields whose value is a credential whatever it looks like; and those whose value is one where it looks random.
_SURE = ("password", "passwd", "passphrase")
_LIKELY = (
    *(
        "secret",
        "secretkey",
        "token",
        "apikey",
        "accesskey",
        "privatekey",
        "credential",
        "credentials",
        "authorization",
    ),
    *("integrationkey", "routingkey", "servicekey", "signingkey", "encryptionkey"),
)
_FIELD = (
    r"(?i:(?:pass(?:word|wd|phrase)|secret|token|credentials?|(?:secret|api|access|private|integration|routing|service"
    r"|signing|encryption)[_-]?key)[\"']?\s*[:=]|authorization)"
)
_REFERENCE = re.compile(r"\$\w|\$\{|\{\{|\A<[^>]*>\Z|\A[*xX.]{3,}\Z|\A[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\Z")
_PLAIN = re.compile(r"[^a-z]")
_RANDOM_LENGTH = 16
_RANDOM_BITS = 3.0


@dataclass(frozen=True, slots=True)
class Secret:
    """Something that looks like a credential. `shown` is never the whole of it; `line` counts from 1."""

    kind: str
    shown: str
    line: int = 1

    @property
    def message(self) -> str:
        return f"this looks like a credential ({self.kind}): {self.shown}"


WAY_OUT = (
    "take it out and revoke it: what was committed is known; write $NAME, which Grafana takes from its environment, "
    "or name a file that the program reads"
)


def secrets_in_text(text: str) -> Iterator[Secret]:
    """Credentials that are known by their shape."""
    if not any(sign in text for sign in _SIGNS) and not _LOGIN.search(text):
        return
    for found in _SHAPE.finditer(text):
        kind = _KINDS[found.lastgroup or ""]
        yield Secret(kind, _shown(kind, found[0]), text.count("\n", 0, found.start()) + 1)


def is_secret_field(name: str, value: str) -> bool:
    """Whether a field of that name holds a credential in that value, and no reference to one."""
    if not value or _REFERENCE.search(value):
        return False
    plain = _PLAIN.sub("", name.lower())
    return plain.endswith(_SURE) or (plain.endswith(_LIKELY) and _is_random(value))


def secrets_in(data: Any, line_of: Callable[[Any, str], int] = lambda *_: 1) -> Iterator[Secret]:
    """The credentials in a document, parsed: by shape, by the field that they are in, and by a name beside them.

    `line_of` tells where the value of a mapping's key begins.
    """
    yield from _in_value(data, data, "", line_of)


def _in_value(value: Any, container: Any, field: str, line_of: Callable[[Any, str], int]) -> Iterator[Secret]:
    if isinstance(value, str):
        for found in _in_field(field, value):
            yield replace(found, line=line_of(container, field) + found.line - 1)
    elif isinstance(value, dict):
        named, given = value.get("key", value.get("name")), value.get("value")
        if isinstance(named, str) and isinstance(given, str):
            yield from _in_value(given, value, named, lambda inner, _: line_of(inner, "value"))
        for name, inner in value.items():
            yield from _in_value(inner, value, str(name), line_of)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _in_value(inner, container, field, line_of)


def secrets_in_python(text: str) -> Iterator[Secret]:
    """The credentials in Python source, with their lines."""
    for node in ast.walk(ast.parse(text)):
        for name, value, line in _named_values(node):
            for found in _in_field(name, value):
                yield Secret(found.kind, found.shown, line + found.line - 1)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for found in secrets_in_text(node.value):
                yield Secret(found.kind, found.shown, node.lineno + found.line - 1)


def may_hold_secrets(text: str) -> bool:
    """A quick look: False where there is certainly none."""
    looked: bool = _quick_look().is_valid(text)
    return looked


@cache
def _quick_look() -> Any:
    # The expressions of Rust, as the schemas have them, search a hundred times faster than Python's.
    import jsonschema_rs

    signs = "|".join(sign.replace(".", r"\.") for sign in _SIGNS)
    return jsonschema_rs.validator_for({"pattern": f"{signs}|{_LOGIN.pattern}|{_FIELD}"})


def _named_values(node: ast.AST) -> Iterator[tuple[str, str, int]]:
    """Strings that are given to a name, as an argument, in a dict or in an assignment; each with its line."""
    pairs: list[tuple[object, ast.expr | None]] = []
    match node:
        case ast.keyword(arg=name, value=value):
            pairs = [(name, value)]
        case ast.Dict(keys=keys, values=values):
            named = zip(keys, values, strict=True)
            pairs = [(key.value, value) for key, value in named if isinstance(key, ast.Constant)]
        case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value):
            pairs = [(name, value)]
        case ast.AnnAssign(target=ast.Name(id=name) | ast.Attribute(attr=name), value=value):
            pairs = [(name, value)]
    for key, given in pairs:
        if isinstance(key, str) and isinstance(given, ast.Constant) and isinstance(given.value, str):
            yield key, given.value, given.lineno


def _in_field(name: str, value: str) -> Iterator[Secret]:
    by_shape = list(secrets_in_text(value))
    if by_shape:
        yield from by_shape
    elif is_secret_field(name, value):
        yield Secret(f"in the field {name}", f"{len(value)} characters")


def _is_random(value: str) -> bool:
    """Whether it is long, of one word, with letters and digits in no order that a person would choose."""
    if len(value) < _RANDOM_LENGTH or not re.fullmatch(r"[\w+/=.:~-]+", value) or not re.search(r"\d", value):
        return False
    bits = -sum(count / len(value) * math.log2(count / len(value)) for count in Counter(value).values())
    return bits >= _RANDOM_BITS


def _shown(kind: str, text: str) -> str:
    if kind in ("private key", "Slack webhook", "Discord webhook"):
        return f"{len(text)} characters"
    if kind == "password in an address":
        return f"{text.partition('://')[0]}://..."
    return f"{text[:4]}... ({len(text)} characters)"
