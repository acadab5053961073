# The two commands are `make generate` and `make test`. Each sets up what it needs, in .venv.

.DEFAULT_GOAL := help
.PHONY: help generate test check demo clean

TOCSIN := .venv/bin/tocsin
# One more than there are processors, since some tests wait for servers.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN || echo 2); echo $$((n < 8 ? n + 1 : 8)))

help:
	@echo "make generate   compile monitors/ and rules/ into generated/"
	@echo "make test       prove the alerts and run the whole suite"
	@echo "make check      findings, drift of generated/, promtool: what CI and hooks run"
	@echo "make demo       agents with incidents, watched by Prometheus and Alertmanager; Ctrl-C ends it"
	@echo "make clean      remove what was set up (.venv and caches)"

generate:
	@sh setup/venv.sh run
	@$(TOCSIN) generate

test:
	@sh setup/venv.sh dev
	@sh setup/promtool.sh
	@sh setup/servers.sh optional
	@PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/pytest -n $(WORKERS) --dist worksteal

check:
	@sh setup/venv.sh run
	@sh setup/promtool.sh
	@$(TOCSIN) check

demo:
	@sh setup/venv.sh dev
	@sh setup/servers.sh
	@exec .venv/bin/python -m demo $(DEMO)

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .tocsin
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
