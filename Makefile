PYTHON ?= python3
BIN := .venv/bin
# What make test gives to pytest; with it, only these tests run: make test ARGS="tests/core -k scores"
ARGS ?=
# What make check runs: tests that need neither a page, a browser nor a training.
QUICK := tests/rules $(wildcard tests/core/test_*.py) $(addprefix tests/core/, \
	datasets/download datasets/releases datasets/recordings/test_folder.py store scores retrieval splits \
	rdm/test_compute.py rdm/test_compare.py figures)

.PHONY: run check test style types quick bench load torture gpu-check report demo-data clip-small ready-data screenshots clean

run: .venv/run.stamp
	@$(BIN)/streamlit run app.py

# Types take as long as the quick tests, so that the two share two cores.
check: .venv/dev.stamp
	@$(MAKE) --no-print-directory -j 2 style types quick

ifeq ($(strip $(ARGS)),)
test: style types
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/pytest -n logical --maxprocesses 4
else
test: .venv/dev.stamp
	@$(BIN)/pytest $(ARGS)
endif

style: .venv/dev.stamp
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: .venv/dev.stamp
	@$(BIN)/mypy

quick: .venv/dev.stamp
	@$(BIN)/pytest $(QUICK)

bench: .venv/bench.stamp
	@$(BIN)/python -m tests.benchmarks

# With ARGS: make load ARGS="--visitors 8 --beside COMMIT"
load: .venv/bench.stamp
	@$(BIN)/python -m tests.load $(ARGS)

# With ARGS: make torture ARGS="--only walk --minutes 10"
torture: .venv/dev.stamp
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/python -m tests.torture $(ARGS)

# Skipped, with the reason, where there is no GPU; ARGS="--device cpu" checks the check.
gpu-check: .venv/dev.stamp
	@$(BIN)/python -m tests.gpu $(ARGS)

report: .venv/run.stamp
	@$(BIN)/python -m core.report --document docs/decoder-scores.md

clip-small: .venv/dev.stamp
	@$(BIN)/python -m core.clip_small

# After demo-data or clip-small, or where a VERSION has changed: what comes along is computed anew.
ready-data: .venv/dev.stamp
	@$(BIN)/python -m core.ready

demo-data: .venv/dev.stamp
	@$(BIN)/python -m core.simulation

screenshots: .venv/dev.stamp
	@$(BIN)/python -m tests.browser.screenshots

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Neurogallery needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv .venv || \
		{ echo "Python cannot make a virtual environment; on Debian or Ubuntu: apt install python3-venv"; exit 2; }

.venv/run.stamp: requirements.txt | .venv/bin/python
	@echo "Installing Neurogallery's packages (once, a few minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -c 'from core import maps; maps.warm_up()'
	@touch $@

.venv/dev.stamp: requirements-dev.txt requirements-cluster.txt .venv/run.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.venv/bench.stamp: requirements-bench.txt .venv/dev.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@
