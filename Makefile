# Two commands: `make serve` and `make test`. Both set up .venv by themselves and are quick when it is there.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: serve test lint types clean

serve: .venv/ready-to-serve
	@$(BIN)/python -m compileall -q specs mockserver
	@exec $(BIN)/mockserver serve $(ARGS)

test: .venv/ready-to-test
	@exec $(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

lint: .venv/ready-to-test
	$(BIN)/ruff check .

types: .venv/ready-to-test
	$(BIN)/mypy

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11: name a newer one with make PYTHON=..." >&2; exit 2; }
	@echo "Setting up .venv (once) ..."
	@$(PYTHON) -m venv .venv

.venv/ready-to-serve: .venv/bin/python pyproject.toml
	@$(PIP) install --editable .
	@touch $@

.venv/ready-to-test: .venv/bin/python pyproject.toml
	@$(PIP) install --editable '.[test]'
	@$(BIN)/python -m tests.browser.chromium
	@touch $@ .venv/ready-to-serve

clean:
	rm -rf .venv .tox .pytest_cache .mypy_cache .ruff_cache dist
