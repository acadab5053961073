"""The texts of Grafana's alert rules: what they print, and what the provisioning makes of their dollar signs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocsin.checks.grafana_pipelines import gives
from tocsin.findings import Finding, Severity
from tocsin.metrics import nearest
from tocsin.reading.values import GrafanaRule
from tocsin.subject import Subject
from tocsin.templates import Print, template

# What provisioning expands in a label: a dollar sign that is not doubled.
_EXPANDED = re.compile(r"(?<!\$)\$(?!\$)(?:\{\{|\{?\w+)")
_FORMATTED = re.compile(r"%[-+ #.\d]*[bdeEfFgG]")
_NUMERIC = frozenset({"humanize", "humanize1024", "humanizeDuration", "humanizePercentage", "humanizeTimestamp"})


def findings_in(subject: Subject) -> Iterator[Finding]:
    for rule in subject.contents.grafana_rules:
        for kind, texts in (("annotation", rule.annotations), ("label", rule.labels)):
            for name, text in texts.items():
                place = f"the {kind} {name}"
                yield from _escapes(rule, kind, text, place)
                yield from _template(rule, kind, text, place)


def _found(rule: GrafanaRule, message: str, way_out: str, expr: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding("grafana-template", severity, message, way_out, rule.source, rule.name, expr)


def _escapes(rule: GrafanaRule, kind: str, text: str, place: str) -> Iterator[Finding]:
    """Provisioning expands `$NAME` in labels, and `${...}` everywhere, before anybody sees a template."""
    if not rule.is_file:
        return
    if kind == "label" and "{{" in text and (found := _EXPANDED.search(text)):
        yield _found(
            rule,
            f"{place}: provisioning takes {found[0]} for a variable of the environment, and nothing is left of it",
            f"double the dollar sign: {text.replace('$', '$$')}",
            text,
        )
    elif kind == "annotation" and "${{" in text:
        yield _found(
            rule,
            f"{place}: provisioning takes `${{{{` for the start of a variable, and the template is eaten",
            "write USD in front of it, or double the dollar sign",
            text,
        )


def _template(rule: GrafanaRule, kind: str, text: str, place: str) -> Iterator[Finding]:
    plain = text.replace("$$", "$")
    found = template(plain, "grafana")
    if found.problem:
        yield _found(rule, f"{place}: {found.problem}", "mend the template: it is printed as it stands", plain)
    steps = {step.ref: step for step in rule.steps}
    classic = {step.ref for step in rule.steps if step.kind == "classic_conditions"}
    for ref in found.refs:
        if ref.rstrip("0123456789") in classic:
            continue  # each of the conditions has a value of its own: B0, B1
        if ref not in steps:
            near = nearest(ref, steps)
            way_out = f"did you mean $values.{near}?" if near else f"the steps are {', '.join(steps)}"
            yield _found(rule, f"{place} reads $values.{ref}, and no step has that refId", way_out, plain)
        elif gives(steps[ref], steps) == "series":
            reducer = next((step.ref for step in rule.steps if step.kind == "reduce" and step.of == ref), None)
            yield _found(
                rule,
                f"{place} reads $values.{ref}, samples over time, which have no single value: it prints [no value]",
                f"read the step that reduces it: $values.{reducer}.Value" if reducer else f"reduce {ref} and read that",
                plain,
            )
    if kind == "label" and {"value", "values"} & found.variables:
        yield _found(
            rule,
            f"{place} is made of the value: with each new one the old alert is resolved and another one begins",
            "name the value in an annotation",
            plain,
        )
    for action in found.prints:
        yield from _printed(rule, action, place)


def _printed(rule: GrafanaRule, action: Print, place: str) -> Iterator[Finding]:
    numeric = _NUMERIC & set(action.through)
    formatted = "printf" in action.through and _FORMATTED.search(action.action)
    if re.fullmatch(r"\$values\.\w+", action.variable):
        better = f"{action.variable}.Value"
        if numeric:
            yield _found(
                rule,
                f"{place} hands all of {action.variable} to {min(numeric)}, which takes a number: the template fails",
                f"write {better}",
                action.action,
            )
        elif formatted:
            yield _found(
                rule,
                f"{place} formats all of {action.variable} with {formatted[0]}, which takes a number: people read a "
                "struct, {map[...] 0.0712}",
                f"write {better}",
                action.action,
            )
        elif not action.through:
            yield _found(
                rule,
                f"{place} prints {action.variable} whole, rounded to two digits and without a unit: 0.0712 is 0.071",
                f"write {{{{ {better} | humanize }}}}, or humanizePercentage, humanizeDuration",
                action.action,
                Severity.WARNING,
            )
    elif action.variable == "$values" and not set(action.through) - {"printf", "print", "println"}:
        yield _found(
            rule,
            f"{place} prints all values as a struct: people read map[A:0.0712 B:1]",
            "name the one that is meant: {{ $values.B.Value | humanize }}",
            action.action,
        )
    elif action.variable == "$value" and (numeric or not action.through):
        effect = "the template fails" if numeric else "people read [ var='B' labels={...} value=0.07 ]"
        yield _found(
            rule,
            f"{place} uses $value, which in Grafana is a text about all values: {effect}",
            "write $values.B.Value, B being the step whose value is meant",
            action.action,
            Severity.ERROR if numeric else Severity.WARNING,
        )
