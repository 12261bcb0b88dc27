# Every target works on a fresh machine: each brings what it needs.
PYTHON ?= python3
UV = .cache/uv/bin/uv
BIN = .venv/bin
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
IMAGES ?= operator job predictor predictor-onnx
REGISTRY ?= ghcr.io/modelmonitor
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo up test check lint types contracts generate generate-check lock charts pictures docs images e2e bench-serving bench-runtimes bench-gpu bench-log bench-collector bench-drift bench-operator golden-update clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

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

generate: .venv/installed ## write every generated file again (CRD, schema, reference, dashboards, charts, manifests)
	@python -m modelmonitor.api.generate
	@python -m modelmonitor.cli.reference
	@python docs/generate.py
	@python docs/generate_database.py
	@python -m dashboards.generate
	@python charts/generate.py
	@$$(tools/program helm-docs) --chart-search-root charts --template-files README.md.gotmpl --sort-values-order file --log-level error
	@python manifests/generate.py

generate-check: .venv/installed ## fail, naming the file, if a generated file is out of date
	@python -m modelmonitor.api.generate --check
	@python -m modelmonitor.cli.reference --check
	@python docs/generate.py --check
	@python -m dashboards.generate --check
	@python charts/generate.py --check

lock: $(UV) ## resolve requirements/*.txt again from pyproject.toml
	@$(UV) pip compile --quiet pyproject.toml --extra dev --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements/dev.txt
	@for extra in server server-onnx collector job operator local; do \
	  $(UV) pip compile --quiet pyproject.toml --extra $$extra --constraint requirements/dev.txt --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements/$$extra.txt; done

bench-serving: .venv/installed ## measure the predictor against its bare model, its peers and its goals (about 20 minutes)
	@python -m benchmarks.serving $(ARGS)

bench-runtimes: .venv/installed ## each way to run the demo's model against plain fp32 torch: speed, labels, accuracy (about 5 minutes)
	@OMP_WAIT_POLICY=PASSIVE python -m benchmarks.serving.runtimes $(ARGS)

bench-gpu: .venv/installed ## the served model on a GPU against its own offline batches; exits with 3 where there is no GPU
	@python -m benchmarks.serving.gpu $(ARGS)

bench-log: .venv/installed ## drain rate, memory at a backlog, ten minutes without PostgreSQL (about 20 minutes)
	@python -m benchmarks.log $(ARGS)

bench-collector: .venv/installed ## measure the collector with the database down, then count what was joined (about 20 minutes)
	@python -m benchmarks.collector $(ARGS)

bench-drift: .venv/installed $(UV) ## detectors against their peers: false alarms, power, speed, a million rows, pages and delay, new topics (two hours of processor time and more, goes on where it was stopped)
	@python -m benchmarks.drift

bench-operator: .venv/installed ## 1,000 monitors on a local API server and Prometheus: time to Ready, memory, restart, idle (about 27 minutes)
	@python -m benchmarks.operator $(ARGS)

charts: .venv/installed ## check the charts: lint, their own tests, every set of values against an API server
	@pytest tests/charts tests/manifests

pictures: .venv/installed ## draw the README's picture again from the newest report of `make demo` that says drift
	@python docs/pictures.py $(ARGS)

docs: .venv/installed ## the documentation as a site in site/; a broken link fails
	@NO_MKDOCS_2_WARNING=1 mkdocs build --strict # not --quiet: what is not shown is not counted

images: ## build the images with Docker, by the charts' names; IMAGES=… some of them, TORCH_INDEX=<address of torch's CPU builds> leaves CUDA out
	@for name in $(IMAGES); do lock=; [ $$name != predictor-onnx ] || lock="--build-arg LOCK=server-onnx"; \
	  docker build --file images/$${name%-onnx}/Dockerfile --tag $(REGISTRY)/$$name:$(VERSION) $$lock $(if $(TORCH_INDEX),--build-arg TORCH_INDEX=$(TORCH_INDEX)) $(DOCKER_ARGS) . || exit 1; done
	@docker image ls --filter reference='$(REGISTRY)/*'

e2e: .venv/installed ## the whole system on the cluster of KUBECONFIG, or on a kind cluster made for it (about 20 minutes)
	@pytest --exitfirst --capture=no --verbose tests/e2e $(ARGS)

golden-update: .venv/installed ## accept what the code renders now as the golden files
	@pytest tests/golden --update-golden

clean: ## remove the environment and caches (data in .modelmonitor stays)
	@rm -rf .venv .cache build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
