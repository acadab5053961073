"""A fleet of agents that has incidents, watched by a real Prometheus and a real Alertmanager: `make demo`."""
