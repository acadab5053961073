"""What of a rule file Prometheus would not load, whatever its expressions say: as `promtool check rules` does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tocsin.metrics import nearest
from tocsin.promql.durations import milliseconds_of
from tocsin.reading.fields import as_text, items, text
from tocsin.reading.located import Located
from tocsin.reading.values import Refused, RuleGroup

_ALERTS = ("for", "keep_firing_for", "annotations")
_LENGTHS = ("interval", "query_offset", "for", "keep_firing_for")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
# From here on names are made of any characters.
_ANY_NAME = (3, 0)
# Mimir's and Cortex's tools take a namespace.
_FILE_FIELDS = frozenset({"groups", "namespace"})
_GROUP_FIELDS = frozenset({"name", "interval", "rules", "limit", "labels", "query_offset"})
_RULE_FIELDS = frozenset({"record", "alert", "expr", "labels", *_ALERTS})
_SIGNS = frozenset({"record", "alert", "expr"})
# What others take who read the same files: Thanos; Mimir and Cortex; VictoriaMetrics.
_OF_OTHERS = frozenset(
    {
        "partial_response_strategy",
        *("source_tenants", "evaluation_delay", "align_evaluation_time_on_interval", "remote_write"),
        *("concurrency", "type", "params", "headers", "notifier_headers", "tenant", "debug", "update_entries_limit"),
        *("eval_offset", "eval_delay", "eval_alignment", "extra_filter_labels"),
    }
)

# Of Kustomize: what stands beside it is not all that there is.
_PATCH = "$patch"
_NO_EXPR = "the rule has no `expr`"
_PROGRAMS = {"loki": "Loki, in LogQL", "vlogs": "VictoriaLogs", "graphite": "Graphite"}


def refused_keys(document: Located) -> Iterator[Refused]:
    """Keys that stand twice in a mapping: whoever reads YAML strictly does not take it."""
    for key, place in document.doubled:
        yield Refused(place, f"`{key}` stands twice in one mapping, and the whole file is refused", "keep one of them")


def refused_file(document: Located, value: dict[str, Any]) -> Iterator[Refused]:
    """What would not be loaded of a rule file, its groups aside."""
    if value["groups"] is not None and not isinstance(value["groups"], list):
        yield _whole(
            document, value, f"`groups` is {_called(value['groups'])} where a list of groups belongs", "groups"
        )
    aside = "give each document a file of its own, or take it out"
    if document.index and "namespace" not in value:
        why = "Prometheus reads the first document of a file alone: the groups of this one are never loaded"
        yield Refused(document.at(value), why, aside, certain=False)
    for key in value:
        if key not in _FILE_FIELDS:
            why = f"no rule file has a field `{key}`; Prometheus refuses the whole file"
            yield Refused(document.at(value, str(key)), why, "take it out", certain=False)


def is_group(value: Any) -> bool:
    """Whether it looks like a group of rules, and not of people or pages, or of the rules of a firewall."""
    if not isinstance(value, dict):
        return False
    if "rules" not in value:
        return value.keys() <= _GROUP_FIELDS | _OF_OTHERS
    rules = items(value, "rules")
    return not rules or any(not isinstance(rule, dict) or _SIGNS & rule.keys() for rule in rules)


def refused_language(group: RuleGroup) -> Refused:
    """A group in another language than PromQL, of which nothing can be said but that."""
    why = f"the rules of {group.name} are written for {_PROGRAMS[group.language]}: none of them is checked"
    aside = "give it to that program alone: Prometheus refuses a file that has it"
    return Refused(group.source, why, aside, certain=False)


def refused_group(
    document: Located, group: dict[str, Any], names: set[str], *, of_resource: bool = False
) -> Iterator[Refused]:
    """What would not be loaded of a group; `names` are those of the groups above it in the file.

    That of a resource may be a patch, which says a part of another's.
    """
    if of_resource and _PATCH in group:
        return
    name = text(group, "name")
    if not name or name in names:
        why = f"two groups of the file are called {name}" if name else "the group has no name"
        yield _whole(document, group, why, "name")
    names.add(name)
    shapes = _shapes(group, ("interval", "query_offset"), ("labels",))
    for why in (*_strangers(group, _GROUP_FIELDS, "group"), *shapes, *_times(group), *_limit(group)):
        yield _whole(document, group, why)
    rules = group.get("rules")
    if rules is not None and not isinstance(rules, list):
        yield _whole(document, group, f"`rules` is {_called(rules)} where a list of rules belongs")
    for rule in items(group, "rules"):
        if isinstance(rule, dict):
            yield from _refused_in_patch(document, rule) if of_resource else _refused_rule(document, rule)
        elif rule is not None:
            yield _whole(document, group, f"{as_text(rule) or 'a list'} stands where a rule should")


def _refused_in_patch(document: Located, rule: dict[str, Any]) -> Iterator[Refused]:
    """The same of a rule that may be a part of a patch: without an expression it may say more of another's."""
    if _PATCH in rule:
        return
    for refused in _refused_rule(document, rule):
        if refused.message.startswith(_NO_EXPR):
            why = f"{_NO_EXPR}: Prometheus refuses it, unless it is a patch"
            yield replace(refused, message=why, help="state one; of a patch lint what is built of it", certain=False)
        else:
            yield refused


def _refused_rule(document: Located, rule: dict[str, Any]) -> Iterator[Refused]:
    shapes = list(_shapes(rule, ("record", "alert", "expr", "for", "keep_firing_for"), ("labels", "annotations")))
    lacking = _lacking(rule)
    first = [lacking] if lacking and not shapes else []
    for why in (*_strangers(rule, _RULE_FIELDS, "rule"), *shapes, *_times(rule), *first):
        yield _whole(document, rule, why)
    name = text(rule, "record")
    if name and set("{}") & set(name):
        yield _whole(document, rule, f"{name} is no name to record")
    elif name and not _NAME.fullmatch(name):
        yield _old(document, rule, f"{name} is no name to record")
    labels = rule.get("labels")
    for label in labels if isinstance(labels, dict) else ():
        if label in ("__name__", ""):
            yield _whole(document, rule, f"a rule may not set the label {label or 'without a name'}")
        elif not _LABEL.fullmatch(str(label)):
            yield _old(document, rule, f"{label} is no name of a label")
    annotations = rule.get("annotations")
    for name in annotations if isinstance(annotations, dict) else ():
        if not _LABEL.fullmatch(str(name)):
            yield _old(document, rule, f"{name or 'an empty text'} is no name of an annotation")


def _lacking(rule: Mapping[str, Any]) -> str:
    if not text(rule, "alert") and not text(rule, "record"):
        empty = next((key for key in ("alert", "record") if key in rule), None)
        return f"`{empty}` is empty" if empty else "the rule has neither `alert` nor `record`"
    if text(rule, "alert") and text(rule, "record"):
        return "the rule has `alert` and `record`: it can be one of them only"
    alien = [key for key in _ALERTS if text(rule, "record") and not _is_nothing(rule.get(key))]
    if alien:
        return f"the rule has `record`, and {' and '.join(f'`{key}`' for key in alien)}, which only alerts have"
    return _NO_EXPR if not text(rule, "expr").strip() else ""


def _is_nothing(value: Any) -> bool:
    """Whether it says as much as if it were not there: no time at all is none."""
    try:
        return not value or (isinstance(value, str) and milliseconds_of(value) == 0)
    except ValueError:
        return False


def _times(of: Mapping[str, Any]) -> Iterator[str]:
    """Lengths of time that are an empty text: that is none, and other than nothing."""
    yield from (f"`{key}` is an empty text where a length of time belongs" for key in _LENGTHS if of.get(key) == "")


def _limit(group: Mapping[str, Any]) -> Iterator[str]:
    limit = group.get("limit")
    if limit is not None and not re.fullmatch(r"-?\d+", as_text(limit)):
        yield f"`limit` is {as_text(limit) or _called(limit)}, and no whole number"


def _strangers(of: Mapping[Any, Any], known: frozenset[str], what: str) -> Iterator[str]:
    for key in of:
        if key not in known and key not in _OF_OTHERS:
            meant = nearest(str(key), known)
            yield f"no {what} has a field `{key}`" + (f": did you mean `{meant}`?" if meant else "")


def _shapes(of: Mapping[str, Any], texts: tuple[str, ...], mappings: tuple[str, ...]) -> Iterator[str]:
    for key in texts:
        if isinstance(of.get(key), dict | list):
            yield f"`{key}` is {_called(of[key])} where a text belongs"
    for key in mappings:
        value = of.get(key)
        if value is not None and not isinstance(value, dict):
            yield f"`{key}` is {_called(value)} where names with texts belong"
        for name, inner in value.items() if isinstance(value, dict) else ():
            if isinstance(inner, dict | list):
                yield f"`{name}` in `{key}` is {_called(inner)} where a text belongs"


def _called(value: Any) -> str:
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "a text"


def _whole(document: Located, of: dict[str, Any], why: str, key: str = "") -> Refused:
    return Refused(document.at(of, key), f"{why}; Prometheus refuses the whole file")


def _old(document: Located, rule: dict[str, Any], why: str) -> Refused:
    return Refused(
        document.at(rule), f"{why} before Prometheus 3; an older one refuses the whole file", before=_ANY_NAME
    )
