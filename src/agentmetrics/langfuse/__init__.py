"""Langfuse as Prometheus sees it: a catalog of series, and the exporter that fills it from Langfuse's JSON API."""
