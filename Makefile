# Both commands work on a fresh clone: they make .venv themselves with the machine's python3 (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The versions that were tested together; what is installed shows its downloads, which may take long.
PIP := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt

.PHONY: run test test-library test-programs test-types test-lies test-harm test-docs test-explorer test-spaces test-studies
.PHONY: test-server test-house test-slow test-faults test-types-library test-types-programs
.PHONY: test-firefox test-core test-clients test-wire test-lowest test-newest test-cluster test-runtimes
.PHONY: test-portable test-source fuzz mutants bench load result paper artifact artifact-quick lint docs dist explorer-map
.PHONY: constraints test-metadata table site clean
.DEFAULT_GOAL := run

run: $(VENV)/.train
	@$(BIN)/fluxttice run

# Two cores: the tests of what is run and certified, and then linting, take one; all other tests take the other.
PROGRAMS := tests/cli tests/storage tests/certification tests/training tests/certified
# Made by commands of their own, which continuous integration runs as well: test-core, -lies, -docs, -explorer, -harm,
# -server, -spaces, -studies and -house.
SERVER := tests/server
EXPLORER := $(SERVER)/explorer/browser
DOCS := tests/docs tests/paper
HARM := tests/attacks tests/faults tests/certification/test_improved_words.py \
	tests/certification/test_official_signature.py tests/certification/test_trust_page.py \
	tests/certification/test_verify.py
SPACES := tests/certification/test_other_spaces.py tests/certification/test_targets.py \
	tests/certification/test_by_samples.py \
	tests/evaluation/test_sampled_report.py tests/evaluation/test_target_facts.py tests/storage/test_export.py \
	tests/training/test_tables.py tests/training/test_targets.py
STUDIES := tests/experiments tests/cli/test_studies.py
HOUSE := tests/house tests/benchmarks tests/fuzz
APART := tests/core tests/planted_lies $(SERVER) $(DOCS) $(HARM) $(SPACES) $(STUDIES) $(HOUSE)

test: $(VENV)/.dev
	@$(MAKE) --no-print-directory --jobs=2 test-library test-programs lint

test-library: $(VENV)/.dev
	@$(BIN)/python -m pytest $(PROGRAMS:%=--ignore=%) $(APART:%=--ignore=%) --durations=5

test-programs: $(VENV)/.dev
	@$(BIN)/python -m pytest $(PROGRAMS) $(APART:%=--ignore=%) --durations=5

# The explorer in a real browser: a minute. Without one they fail, and say what to install.
test-explorer: $(VENV)/.dev
	@$(BIN)/python -m pytest $(EXPLORER)

# The same in Firefox (apt-get install firefox-esr), save what asks for more than all browsers share: some minutes.
test-firefox: $(VENV)/.dev
	@$(BIN)/python -m tests.installation firefox

# Types: as mypy reads them, and then the same tests with the types and shapes of every call checked, which takes half as
# long again: on two cores as `make test` does. Left out is what starts programs of its own, in which nothing is checked.
UNTYPED := attacks core faults installation planted_lies portable __pycache__
TYPED := $(filter-out $(UNTYPED:%=tests/%/),$(wildcard tests/*/))
TYPED_PROGRAMS := $(filter $(addsuffix /,$(PROGRAMS) $(SERVER) $(STUDIES)),$(TYPED))
TYPES := -m pytest --jaxtyping-packages=fluxttice_core,beartype.beartype -m "not slow and not cluster" \
	--ignore=$(EXPLORER) --durations=5
test-types: $(VENV)/.dev
	@$(MAKE) --no-print-directory --jobs=2 test-types-library test-types-programs

test-types-library: $(VENV)/.dev
	@$(BIN)/mypy
	@$(BIN)/python $(TYPES) $(filter-out $(TYPED_PROGRAMS),$(TYPED)) src

test-types-programs: $(VENV)/.dev
	@$(BIN)/python $(TYPES) $(TYPED_PROGRAMS)

# Lies of a measurement, each planted in a copy of the package, must turn the tests red.
test-lies: $(VENV)/.dev
	@$(BIN)/python -m pytest tests/planted_lies

# What attackers, failing disks and forgers do: two minutes. The slow half of it is test-faults.
test-harm: $(VENV)/.dev
	@$(BIN)/python -m pytest $(HARM)

# Models of other spaces and of targets, from training to exported graphs: a minute.
test-spaces: $(VENV)/.dev
	@$(BIN)/python -m pytest $(SPACES)

# The API, and the explorer without its browser: a minute.
test-server: $(VENV)/.dev
	@$(BIN)/python -m pytest $(SERVER) --ignore=$(EXPLORER)

# Sweeps and ablations, killed and resumed: half a minute.
test-studies: $(VENV)/.dev
	@$(BIN)/python -m pytest $(STUDIES)

# The rules of the house, the benchmarks and what makes inputs for fuzzing: a minute.
test-house: $(VENV)/.dev
	@$(BIN)/python -m pytest $(HOUSE)

# Pages, guides, examples and the paper: that they are what the result files and the program say. A minute.
test-docs: $(VENV)/.dev
	@$(BIN)/python -m pytest $(DOCS)

# As other machines would run them: other processors, users, paths, languages, in random order, two copies at once.
# PORTABLE="elsewhere --seed 7" runs a part.
test-portable: $(VENV)/.dev
	@$(BIN)/python -m tests.portable $(PORTABLE)

test-slow: $(VENV)/.dev
	@$(PIP) --editable '.[docs,layout]'
	@$(BIN)/python -m pytest -m slow --timeout=3600
	@$(MAKE) --no-print-directory test-cluster
	@$(MAKE) --no-print-directory fuzz

# Draws that Ray counts, and studies that Ray and submitit make on this machine's cores, workers being killed: minutes.
test-cluster: $(VENV)/.dev
	@$(PIP) --editable '.[cluster,slurm]'
	@$(BIN)/python -m pytest -m cluster --timeout=600 tests/audit tests/experiments

# The core without torch, from the wheel, in every Python from 3.11 to 3.14 that is here: a minute for each.
test-core: $(VENV)/.dev
	@$(BIN)/python -m tests.installation core

# The published table of all operations, data/operations.parquet, after the certified model changed: some minutes.
table: $(VENV)/.dev
	@$(BIN)/python -m docs.table

# What registries read, held against their own validators, which take an environment of their own: a minute or two.
test-metadata: $(VENV)/.dev
	@$(BIN)/python -m tests.installation metadata

# Wheel and source archive into dist/: built, checked, and tried in empty environments, without torch and with it.
dist: $(VENV)/.dev
	@$(BIN)/python -m tests.installation dist

# `make test` in the unpacked source archive, which makes an environment of its own: as long as from a fresh clone.
test-source: $(VENV)/.dev
	@$(BIN)/python -m tests.installation source

# The library's tests at the lowest and at the newest versions that pyproject.toml allows; graphs in old runtimes.
test-clients test-wire test-lowest test-newest test-runtimes: test-%: $(VENV)/.dev
	@$(BIN)/python -m tests.installation $*

# Pins the newest versions of everything that is installed here; try them with `make test` before they are kept.
constraints: $(VENV)/.dev
	@$(BIN)/python -m tests.installation constraints

# FAULTS=--record-faults keeps the counts, FUZZ=--record those of fuzzing; `make docs` shows them.
test-faults: $(VENV)/.dev
	@$(BIN)/python -m pytest tests/faults tests/attacks -m "slow or not slow" --timeout=3600 $(FAULTS)

# A million inputs for every parser: an hour or two on two cores, and three more for the eight readers of samples.
# FUZZ="--runs 10000 recipes" tries less.
fuzz: $(VENV)/.dev
	@$(PIP) --editable '.[fuzz]'
	@$(BIN)/python -m tests.fuzz $(FUZZ)

# All mutants of the measurements: an hour of one core. MUTANTS="--permille 100" tries a tenth of them.
mutants: $(VENV)/.dev
	@$(PIP) --editable '.[mutation]'
	@$(BIN)/python -m benchmarks.mutants $(MUTANTS)

# Some minutes; BENCH="serving auditing" takes those alone. It tells where the machine was too busy for a figure.
bench: $(VENV)/.dev
	@$(BIN)/python -m benchmarks $(BENCH)

# What the server bears: four minutes of wrk (apt-get install wrk), kept for `make docs`.
load: $(VENV)/.dev
	@$(BIN)/python -m benchmarks.load

# Measures the shipped model into the result file that git keeps, which nothing else writes: two minutes.
result: $(VENV)/.dev
	@$(BIN)/fluxttice benchmark --certified --out benchmarks/coverage_vs_entropy.json

# The paper, as build/paper.pdf: its numbers are read from the result files.
paper: $(VENV)/.dev
	@$(BIN)/python -m paper.build

# The paper's claims, made again: twenty minutes on two quiet cores, and four for those that are quick.
artifact: $(VENV)/.dev
	@$(PIP) --editable '.[paper]'
	@$(BIN)/python -m paper.artifact

artifact-quick: $(VENV)/.dev
	@$(BIN)/python -m paper.artifact --quick

lint: $(VENV)/.dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

# The documentation and the paper as a site in build/site: open index.html, which needs no network to be read or searched.
site: $(VENV)/.dev
	@$(PIP) --editable '.[docs]'
	@$(BIN)/python -m docs.site

docs: $(VENV)/.dev
	@$(BIN)/python -m docs.build

# After the certified model changed: some minutes.
explorer-map: $(VENV)/.dev
	@$(PIP) --editable '.[layout]'
	@$(BIN)/python -m fluxttice_core.server.explorer.draw_map

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "fluxttice needs Python 3.11 or newer, and no '$(PYTHON)' was found: install it, or name another with make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "fluxttice needs Python 3.11 or newer, but '$(PYTHON)' is $$($(PYTHON) --version 2>&1): install a newer one, or name one with make PYTHON=python3.12 run"; exit 1; }
	@echo "Making $(VENV), once. pip downloads 0.3 GB (0.5 GB for the tests), or 2.8 GB more where it takes the build"
	@echo "of torch for NVIDIA's GPUs, as on Linux unless told otherwise: README says how to have the smaller one."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "'$(PYTHON) -m venv' failed: install your system's venv package (on Debian: apt-get install python3-venv)"; exit 1; }

$(VENV)/.train: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(PIP) --editable '.[train]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.train
