"""What Prometheus computes: recording rules, and the scenarios that prove rules and alerts."""
