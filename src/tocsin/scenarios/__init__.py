"""Scenarios as samples over time, and the formats that they are written in."""
