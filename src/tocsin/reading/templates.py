"""Templates of files, as Helm, Ansible and others render them: there is nothing in them to check before that."""

from __future__ import annotations

import re

# What is cheap to look for, and stands in each that the pattern finds.
_HINTS = (
    b".Values",
    b".Release",
    b".Chart",
    b".Files",
    b".Capabilities",
    b"include",
    b"toYaml",
    b"tpl",
    b"{{`",
    b'{{ "{{',
)
# Only Helm has these. A text of an alert has braces too.
_HELM = re.compile(
    rb"\{\{-?\s*(?:include\s|toYaml\s|tpl\s|`|\"\{\{|(?:[^{}\n]*[\s(])?\$?\.(?:Values|Release|Chart|Files|Capabilities)\b)"
)
# A line that begins like this is no YAML, and no JSON.
_CONTROL = re.compile(rb"^[ \t]*(?:\{\{-|\{%)", re.MULTILINE)


def is_template(raw: bytes) -> bool:
    """Whether it is Helm's, even where it can be read as YAML."""
    return b"{{" in raw and any(hint in raw for hint in _HINTS) and _HELM.search(raw) is not None


def may_be_template(raw: bytes) -> bool:
    """Whether a text that cannot be read is so for what a template has."""
    return _CONTROL.search(raw) is not None
