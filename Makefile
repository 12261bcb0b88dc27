# Every target works on a fresh machine: each brings what it needs.
PYTHON ?= python3
UV = .cache/uv/bin/uv
BIN = .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo up test check lint types contracts generate generate-check lock golden-update clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: Python 3.11 or newer is needed as '$(PYTHON)': make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv .cache/uv
	@.cache/uv/bin/pip install --quiet --disable-pip-version-check 'uv>=0.8,<1'

.venv/installed: requirements/dev.txt pyproject.toml $(UV)
	@test -x $(BIN)/python || $(UV) venv --quiet --python 3.11 .venv
	@echo "installing locked packages (several GB the first time, most of it torch)"
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

demo: .venv/installed ## the main job: train, serve, replay reviews and tweets, and tell what drifted
	@modelmonitor demo

up: .venv/installed ## serve and monitor the demo model on this machine until Ctrl-C
	@modelmonitor up

test: .venv/installed ## all tests that need no cluster
	@pytest

check: lint types contracts generate-check ## lint, types, import contracts, generated files up to date

lint: .venv/installed ## ruff: format and rules
	@ruff format --check --quiet || { echo "fix with: ruff format" >&2; exit 1; }
	@ruff check --quiet

types: .venv/installed ## mypy --strict
	@mypy

contracts: .venv/installed ## import-linter: dependencies point one way
	@lint-imports

generate: .venv/installed ## write every generated file again (CRD, schema, reference)
	@python -m modelmonitor.api.generate

generate-check: .venv/installed ## fail, naming the file, if a generated file is out of date
	@python -m modelmonitor.api.generate --check

lock: $(UV) ## resolve requirements/*.txt again from pyproject.toml
	@$(UV) pip compile --quiet pyproject.toml --extra dev --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements/dev.txt
	@for extra in server collector job operator local; do \
	  $(UV) pip compile --quiet pyproject.toml --extra $$extra --constraint requirements/dev.txt --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements/$$extra.txt; done

golden-update: .venv/installed ## accept what the code renders now as the golden files
	@pytest tests/golden --update-golden

clean: ## remove the environment and caches (data in .modelmonitor stays)
	@rm -rf .venv .cache build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
