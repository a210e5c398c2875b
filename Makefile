# The commands that everyone uses. Each creates the virtual environment .venv when there is none, and updates it when
# requirements.lock or a pyproject.toml has changed.

PYTHON ?= python3
DATA ?= ../shared/data/locomo
PAIRS ?= $(if $(filter command line,$(origin DATA)),$(DATA),../shared/data/fact_pairs)
PORT ?= 3010

BIN := .venv/bin
INSTALLED := .venv/.installed
REDACTING := .venv/.redacting
PIP := $(BIN)/pip --disable-pip-version-check

# Compiled modules are kept, so that each of the many processes that run here is ready sooner.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up test test-unit test-pgbouncer check bench eval eval-decisions torture fairness soak docs clean

help: ## Print this list.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

demo: $(INSTALLED) ## Chats in, memories out, in your terminal: no key, no network. Start here.
	@$(BIN)/python -m examples.demo

up: export PORT := $(PORT)
up: $(INSTALLED) ## Run the service at http://localhost:3010 (PORT=), its data in .data.
	@$(BIN)/smara-server up

test: $(REDACTING) ## Run all tests, against a real Postgres and Redis that they start.
	@$(BIN)/python -m pytest -n 2 --durations=30

test-unit: $(INSTALLED) ## Run the tests that need no server, in seconds.
	@$(BIN)/python -m pytest -n 2 tests/unit

test-pgbouncer: $(INSTALLED) ## Run the database's tests through PgBouncer in transaction mode.
	@.ci/install-pgbouncer
	@$(BIN)/python -m pytest -n 2 --pgbouncer tests/pgbouncer tests/integration

check: $(INSTALLED) ## Check lint, format, types and the import contracts.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	cd sdk && ../$(BIN)/mypy --strict smara
	$(BIN)/lint-imports

bench: $(INSTALLED) ## Measure speed, with a floor beside each figure.
	@$(BIN)/python -m benchmarks

eval: $(INSTALLED) ## Measure recall on real conversations, through the real service (DATA=folder).
	@$(BIN)/python -m evals --data "$(DATA)"

eval-decisions: $(INSTALLED) ## Measure what becomes of labelled pairs, and lose no truth (DATA=file or folder, CALIBRATE=1).
	@$(BIN)/python -m evals.decisions $(if $(wildcard $(PAIRS)),--data "$(PAIRS)") $(if $(CALIBRATE),--calibrate)

torture: $(INSTALLED) ## Chaos tests: break everything at random; nothing may be lost or doubled (SEED= FAULTS= MINUTES= LARGE=).
	@$(BIN)/python -m torture

fairness: $(INSTALLED) ## Measure how long a tenant waits beside another tenant's 10,000 conversations.
	@$(BIN)/python -m torture fairness

soak: $(INSTALLED) ## Run a steady load with mild faults (MINUTES=30) and see whether memory grows.
	@$(BIN)/python -m torture soak

docs: export NO_MKDOCS_2_WARNING := 1
docs: $(INSTALLED) ## Build the manual into build/site/.
	@$(PIP) install -qq --require-hashes --no-deps -r docs/requirements.lock
	@$(BIN)/mkdocs build --strict

clean: ## Remove the virtual environment, caches and the data of demo and eval; what `make up` stored stays.
	rm -rf .venv .data/demo .data/eval .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Print a dot every five seconds while $(1) runs, and pass on its exit code. The dots end with this shell.
with_dots = { while sleep 5 && kill -0 $$$$; do printf .; done & } 2>/dev/null; \
	$(1); code=$$?; kill $$! 2>/dev/null; echo; exit $$code

# An install that was interrupted leaves no stamp, so the next command starts it again. The lock pins every package by hash.
$(INSTALLED): requirements.lock pyproject.toml sdk/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 3))' 2>/dev/null || { \
		echo "Python 3.11.3 or newer is needed, and $(PYTHON) is not: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	@echo "Installing into .venv (about three minutes, once) …"
	@$(PYTHON) -m venv .venv
	@$(call with_dots,$(PIP) install -qq --require-hashes --no-deps -r requirements.lock)
	@$(PIP) install -qq --no-deps --no-build-isolation -e . -e ./sdk
	@touch $@

# The extra `presidio`, 250 MB. Only the tests need it.
$(REDACTING): $(INSTALLED) requirements-presidio.lock
	@$(PIP) install -qq --require-hashes --no-deps -r requirements-presidio.lock
	@touch $@
