# SyncBench: set up, show, test, check. Needs Python >= 3.11 and pip, nothing else.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
SOURCES := syncbench metrics baselines reports benchmarks tests setup.py

.PHONY: demo test coverage check format gate bench-evaluators validity clean help

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

# The tested CPU set; for another torch build, install the package with pip in your own environment instead.
.venv/ready: pyproject.toml setup.py constraints/cpu.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install -c constraints/cpu.txt -e .
	@touch $@

.venv/ready-tests: .venv/ready
	$(PIP) install -c constraints/cpu.txt -e '.[test,train,check]'
	@touch $@

demo: .venv/ready  ## set up, run the bundled model and the anchors on rendered faces, print the leaderboard
	$(BIN)/syncbench run --model cals --dataset synthetic --limit 6 --out runs/demo
	$(BIN)/syncbench report runs/demo --out runs/demo/report

test: .venv/ready-tests  ## set up and run all tests
	$(BIN)/python -m pytest tests

coverage: .venv/ready-tests  ## which lines and branches the tests reach
	$(BIN)/python -m coverage run -m pytest -q tests
	$(BIN)/python -m coverage report --skip-covered

check: .venv/ready-tests  ## format, lint, types
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

format: .venv/ready-tests  ## write the one format
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

gate: .venv/ready  ## judge the bundled model against the stored baseline, and a spoiled one
	$(BIN)/python benchmarks/self_gate.py

bench-evaluators: .venv/ready  ## accuracy of the bundled evaluators on held-out clips
	$(BIN)/python benchmarks/evaluators.py

validity: .venv/ready  ## the evidence in the metrics' cards
	$(BIN)/syncbench validate-metrics --out runs/validity

clean:
	rm -rf .venv build dist *.egg-info
