# Both commands work on a fresh clone: they make .venv themselves with the machine's python3 (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test test-library test-programs test-slow test-faults fuzz mutants bench lint docs explorer-map clean
.DEFAULT_GOAL := run

run: $(VENV)/.core
	@$(BIN)/fluxttice run

# Two cores: the tests of what is run and served, and then linting, take one; all other tests take the other.
PROGRAMS := tests/cli tests/provenance tests/serving

test: $(VENV)/.dev
	@$(MAKE) --no-print-directory --jobs=2 test-library test-programs lint

test-library: $(VENV)/.dev
	@$(BIN)/python -m pytest $(PROGRAMS:%=--ignore=%) --durations=5

test-programs: $(VENV)/.dev
	@$(BIN)/python -m pytest $(PROGRAMS) --durations=5

test-slow: $(VENV)/.dev
	@$(BIN)/python -m pytest -m slow --timeout=3600
	@$(MAKE) --no-print-directory fuzz

# FAULTS=--record-faults keeps the counts, FUZZ=--record those of fuzzing; `make docs` shows them.
test-faults: $(VENV)/.dev
	@$(BIN)/python -m pytest tests/faults tests/attacks -m "slow or not slow" --timeout=3600 $(FAULTS)

# A million inputs for every parser: an hour or two on two cores. FUZZ="--runs 10000 recipes" tries less.
fuzz: $(VENV)/.dev
	@$(PIP) --editable '.[fuzz]'
	@$(BIN)/python -m tests.fuzz $(FUZZ)

# All mutants of the measurements: an hour of one core. MUTANTS="--permille 100" tries a tenth of them.
mutants: $(VENV)/.dev
	@$(PIP) --editable '.[mutation]'
	@$(BIN)/python -m benchmarks.mutants $(MUTANTS)

bench: $(VENV)/.dev
	@$(BIN)/python -m benchmarks

lint: $(VENV)/.dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

docs: $(VENV)/.dev
	@$(BIN)/python -m docs.build

# After the certified model changed: some minutes.
explorer-map: $(VENV)/.dev
	@$(PIP) --editable '.[layout]'
	@$(BIN)/python -m fluxttice_core.serving.explorer_drawing

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "fluxttice needs Python 3.11 or newer, and no '$(PYTHON)' was found: install it, or name another with make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "fluxttice needs Python 3.11 or newer, but '$(PYTHON)' is $$($(PYTHON) --version 2>&1): install a newer one, or name one with make PYTHON=python3.12 run"; exit 1; }
	@echo "Making $(VENV) (once; about a minute, most of it the download of torch)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "'$(PYTHON) -m venv' failed: install your system's venv package (on Debian: apt-get install python3-venv)"; exit 1; }

$(VENV)/.core: pyproject.toml | $(VENV)/bin/python
	@$(PIP) --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	@$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.core
