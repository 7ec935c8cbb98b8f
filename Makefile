# make run   the default study, from a bare clone to the table
# make test  linters, types and all tests
# make bench speed beside public peers, 40 minutes
# make paper PAPER.md from the committed results; make audit holds every number in it against them
# Both do all of their own set-up, once.
SHELL := /bin/bash
PYTHON ?= python3
# Further overrides for `make run`, such as ARGUMENTS='facts=file facts.path=me.yaml'.
ARGUMENTS ?=
VENV := .venv
BIN := $(VENV)/bin
export TOKENIZERS_PARALLELISM := false

.PHONY: run test setup models calibrate tune bench paper audit clean

run: models
	$(BIN)/andraeus $(ARGUMENTS)

test: models
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder

setup: $(VENV)/.ready

# PyTorch comes first and by its exact version: a range would pull a build with other extras.
$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Andraeus needs Python 3.11 or newer.")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 --constraint constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	touch $@

models: $(VENV)/.models

$(VENV)/.models: $(VENV)/.ready scripts/prepare_models.py
	$(BIN)/python scripts/prepare_models.py
	touch $@

calibrate: setup
	$(BIN)/python -m evaluation.statistics.calibrate

tune: models
	$(BIN)/python scripts/tune.py

# The peers are dependencies of the benchmark only.
$(VENV)/.bench: $(VENV)/.models
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	touch $@

bench: $(VENV)/.bench
	$(BIN)/python -m scripts.bench

paper: setup
	$(BIN)/python -m scripts.paper

audit: setup
	$(BIN)/python -m scripts.audit

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
