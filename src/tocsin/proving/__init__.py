"""Proof without asking: what an alert must do, derived from its own condition, and Prometheus's arithmetic to do so."""
