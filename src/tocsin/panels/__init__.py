"""The kinds of panel: each a class and, beside it, what it looks like in Grafana."""
