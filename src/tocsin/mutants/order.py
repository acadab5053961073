"""In which order promtool evaluates groups: in no certain one where `group_eval_order` does not say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.mutants.reach import Rules, with_beneath
from tocsin.mutants.rule import Rule, RuleFile

FIELD = "group_eval_order"


@dataclass(frozen=True, slots=True)
class Order:
    """Groups that promtool evaluates now so, now so, those that are read before those that read them; `last` follow."""

    uncertain: tuple[str, ...]
    last: tuple[str, ...]

    def stated(self, *, backwards: bool = False) -> list[str]:
        """A `group_eval_order` that leaves nothing open."""
        return [*(reversed(self.uncertain) if backwards else self.uncertain), *self.last]


def order_of(header: Mapping[str, Any], files: Iterable[RuleFile], rules: Collection[Rule]) -> Order | None:
    """The order of the groups with these rules; None where it is certain, or none of them reads another.

    A group that is not stated has the same place as the first one that is.
    """
    stated = header.get(FIELD)
    first, *last = [str(name) for name in stated] if isinstance(stated, list) and stated else [""]
    groups: dict[str, list[Rule]] = {first: []} if first else {}
    for file in files:
        for rule in file.rules:
            name = str(file.groups[rule.group].get("name"))
            if rule in rules and name not in last:
                groups.setdefault(name, []).append(rule)
    if len(groups) < 2:
        return None
    every = Rules(rules)
    read = {name: with_beneath(own, every).difference(own) for name, own in groups.items()}
    before = {name: {other for other, own in groups.items() if read[name].intersection(own)} for name in groups}
    if not any(before.values()):
        return None
    return Order(tuple(_sorted(before)), tuple(last))


def _sorted(before: Mapping[str, Collection[str]]) -> Iterable[str]:
    """Each after those before it; as they stand, where they go round in circles."""
    left = list(before)
    while left:
        name = next((one for one in left if not any(other in left for other in before[one])), left[0])
        left.remove(name)
        yield name
