"""Proofs of rules, and how sharp they are: rules broken on purpose, one change each, to see whether a test notices.

It works on documents (rule files and promtool's test files), so that it serves our own output and anybody's files.
"""
