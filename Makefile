# Every way to run the project. `make` alone lists them.
PYTHON ?= python3
DATA ?= data
BIN := .venv/bin
# Tests wait for processes and servers half of the time: one worker more than there are cores.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

.DEFAULT_GOAL := help
.PHONY: help install up demo test coverage lint test-cluster bench screenshots docs lock system-packages

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Spanledger needs Python 3.11 or newer, this is %s; pass PYTHON=python3.x" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip check --quiet
	@$(BIN)/python -m compileall -q alerts analytics collector dashboard spanledger store
	@touch $@

install: .venv/installed ## make .venv from the lock

up: install ## start Spanledger for real agents
	@$(BIN)/spanledger up --data $(DATA)

demo: install ## start Spanledger with simulated agents and a month of history
	@$(BIN)/spanledger demo --backfill 30d --data $(DATA)

system-packages:
	@.ci/install-packages

lint: install ## check style, types and import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

TESTS := --ignore=tests/cluster --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder -q

test: system-packages lint ## run every test, from nothing
	$(BIN)/python -m pytest $(TESTS)

coverage: system-packages install ## run every test, and list the lines that none reaches
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest $(TESTS) --cov --cov-report=term-missing:skip-covered

test-cluster: install ## run the analytics SQL on a real ClickHouse node and compare
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r tests/cluster/requirements.lock
	$(BIN)/python -m pytest tests/cluster -q

bench: install ## measure, as ratios within one run, beside the drift detectors of others
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r benchmarks/requirements.lock
	$(BIN)/python -m benchmarks

screenshots: install system-packages ## photograph every page, and the answers to five questions, in a real browser
	$(BIN)/python -m tests.screenshots
	$(BIN)/python -m tests.questions

docs: install ## write the generated pages again
	$(BIN)/python -m spanledger.documentation

lock: ## resolve the dependencies again
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 --group dev pyproject.toml -o requirements.lock
