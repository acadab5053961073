"""Dashboards and alerts as code for AI agents, proven before they ship."""
