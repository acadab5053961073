"""What is told of recorded series: which claims, and to how many digits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal

from tocsin.model.recording import RuleGroup
from tocsin.model.scenario import Claim, Instance
from tocsin.plan import Plan, PlannedRecord
from tocsin.proving.vectors import Vector

_DIGITS = 5
# So many decimals that 1 / 0.0...1 is a whole number in floats, as `round` needs it.
_DECIMALS = (0, 1, 2, 3, 4, 6)

Stated = tuple[PlannedRecord, Claim]


def stated_values(plan: Plan, group: RuleGroup) -> list[Stated]:
    """What authors claim of the records of a group."""
    return [
        (record, claim)
        for record in plan.records
        if record.group is group
        for proof in plan.definitions.proofs_of(record.record.indicator)
        for claim in proof.claims
    ]


def digits_of(claim: Claim) -> int:
    """To how many digits behind the point the values of a claim are stated."""
    exponents = (Decimal(one.value).as_tuple().exponent for one in claim.instances)
    return max((-one for one in exponents if isinstance(one, int) and one < 0), default=0)


def instances_of(vector: Vector) -> tuple[Instance, ...]:
    """The samples to as many digits as all of them can be stated in; none where that cannot be.

    Where they are too far apart for that, the largest decides: beside it the others may be nothing.
    """
    told = {decimals: {labels: _rounded(value, decimals) for labels, value in vector.items()} for decimals in _DECIMALS}
    sizes = [abs(value) for value in vector.values() if value]
    for size in (min(sizes, default=0), max(sizes, default=0)):
        for decimals, texts in told.items():
            enough = not size or size * 10**decimals >= 10 ** (_DIGITS - 1) or decimals == _DECIMALS[-1]
            if enough and None not in texts.values():
                return _sorted(texts)
    return ()


def _sorted(texts: Mapping[frozenset[tuple[str, str]], str | None]) -> tuple[Instance, ...]:
    found = (Instance(text, tuple(sorted(labels))) for labels, text in texts.items() if text is not None)
    return tuple(sorted(found, key=lambda one: one.labels))


def _rounded(value: float, decimals: int) -> str | None:
    """The value as text, where a float that is a hair away is rounded alike and `round` gives that very number."""
    if not math.isfinite(value):
        return None
    inverse = 1 / float(Decimal(1).scaleb(-decimals))
    hair = abs(value) * 1e-9
    near = {math.floor(one * inverse + 0.5) / inverse for one in (value - hair, value, value + hair)}
    text = f"{value:.{decimals}f}"
    return text if near == {float(text)} else None
