PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test bench report demo-data clip-small screenshots clean

run: .venv/run.stamp
	@$(BIN)/streamlit run app.py

test: .venv/dev.stamp
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/pytest

bench: .venv/bench.stamp
	@$(BIN)/python -m tests.benchmarks

report: .venv/run.stamp
	@$(BIN)/python -m core.report

clip-small: .venv/dev.stamp
	@$(BIN)/python -m core.clip_small

demo-data: .venv/dev.stamp
	@$(BIN)/python -m core.simulation

screenshots: .venv/dev.stamp
	@$(BIN)/python -m tests.browser.screenshots

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache

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

.venv/dev.stamp: requirements-dev.txt .venv/run.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.venv/bench.stamp: requirements-bench.txt .venv/dev.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@
