# `make serve`, `make judge`, `make test`. Each sets up .venv by itself and is quick when it is there.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: serve bench judge test clients lint types wheel clean

serve: .venv/ready-to-serve
	@$(BIN)/python -m compileall -q specs mockserver
	@exec $(BIN)/mockserver serve $(ARGS)

judge: .venv/ready-to-judge
	@exec $(BIN)/conformance $(or $(ARGS),--help)

test: .venv/ready-to-test
	@exec $(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

clients: .venv-clients/ready
	@exec .venv-clients/bin/python -m pytest tests/clients tests/clients_wire $(ARGS)

lint: .venv/ready-to-test
	$(BIN)/ruff check .

types: .venv/ready-to-test
	$(BIN)/mypy

wheel: .venv/bin/python
	@rm -rf dist
	@$(PIP) wheel --no-deps --wheel-dir dist .
	@ls dist/*.whl

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11: name a newer one with make PYTHON=..." >&2; exit 2; }
	@echo "Setting up .venv (once) ..." >&2
	@$(PYTHON) -m venv .venv

# The distribution was called `understudy` once: left installed, pytest would load our plugins under two names.
.venv/renamed: .venv/bin/python
	@$(PIP) -qq uninstall --yes understudy
	@touch $@

.venv/ready-to-serve: .venv/renamed pyproject.toml
	@$(PIP) install --editable .
	@touch $@

.venv/ready-to-judge: .venv/renamed pyproject.toml
	@$(PIP) install --editable '.[conformance]'
	@touch $@ .venv/ready-to-serve

.venv/ready-to-test: .venv/renamed pyproject.toml
	@$(PIP) install --editable '.[test]'
	@$(BIN)/python -m tests.browser.chromium
	@touch $@ .venv/ready-to-serve .venv/ready-to-judge

.venv-clients/ready: .venv/bin/python pyproject.toml
	@echo "Setting up .venv-clients (once, more than a gigabyte) ..." >&2
	@$(PYTHON) -m venv .venv-clients
	@.venv-clients/bin/python -m pip --disable-pip-version-check --quiet install --editable '.[clients]'
	@touch $@

bench: .venv/ready-to-bench
	@echo "Figures count on an idle machine only: close everything else, plug it in, run twice. Each ratio is taken within one run."
	@set -e; for part in scheduler http; do echo "== benchmarks.$$part"; $(BIN)/python -m benchmarks.$$part $(ARGS); done

.venv/ready-to-bench: .venv/renamed pyproject.toml
	@$(PIP) install --editable '.[bench]'
	@touch $@ .venv/ready-to-serve

clean:
	rm -rf .venv .venv-clients .tox .pytest_cache .mypy_cache .ruff_cache dist
