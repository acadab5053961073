"""What stops a derivation. It ends as a finding, so the words are for the alert's author."""

from __future__ import annotations


class UnderivableError(Exception):
    """Something of an expression that the derivation has no model of."""
