# `make` prints what there is. Works with GNU make from 3.81 on (macOS brings that one).

UV ?= $(shell command -v uv 2>/dev/null)
VENV ?= .venv
PYTHON ?=
# more arguments for the command of the target: make test ARGS="tests/unit -x"
ARGS ?=

export UV VENV PYTHON

BIN := $(VENV)/bin
# half as many again as there are cores: tests often wait for a child
PROCESSES ?= $(shell getconf _NPROCESSORS_ONLN | awk '{ print int($$1 * 1.5) }')
PYTEST = $(BIN)/python -m pytest --numprocesses=$(PROCESSES) --dist=loadscope
# measuring makes a test half as slow again; what these do not reach, the others may
MEASURED := tests/unit tests/cli tests/snapshot $(wildcard tests/integration/test_verify_*.py)
SOURCES := $(wildcard src tests bench scripts)
# modules that write a file of the repository, and with --check tell whether it is up to date
GENERATED := lookervault.config.schema lookervault.cli.reference scripts.documents

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage test-browser azurite test-long soak bench lint format types layers generated \
  generate wheel other-installer check lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

setup: ## the virtual environment, from requirements-dev.lock (the others need not be told)
	@scripts/setup.sh

demo: setup ## the whole of an embedded Looker into a vault, with what to try next
	@$(BIN)/lookervault demo $(ARGS)

test: setup ## the test suite
	@$(PYTEST) $(ARGS)

coverage: setup ## how much of the code most tests reach, lines and branches: at least 90 %
	@$(PYTEST) $(MEASURED) --cov --cov-report=term-missing:skip-covered $(ARGS)

test-browser: setup ## the page of `diff --html` in a real Chromium; installs Debian's where it can
	@scripts/chromium.sh
	@$(BIN)/python -m pytest -m browser tests/browser $(ARGS)

azurite: setup ## Microsoft's emulator for the tests of snapshots, by npm; they do without it, too
	@scripts/azurite.sh

test-long: setup ## the same for longer: storms, kills, ten times as many examples
	@$(PYTEST) -m long -o faulthandler_timeout=900 $(ARGS)

soak: setup ## 100,000 items into one vault, again and again; then 100 kills; outside CI
	@$(BIN)/python -m tests.soak $(ARGS)

bench: setup ## the benchmarks; writes docs/benchmarks.md
	@$(BIN)/python -m bench $(ARGS)

lint: setup ## ruff: rules and format
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)

format: setup ## repair what lint can repair
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

types: setup ## mypy --strict
	@$(BIN)/mypy $(SOURCES)

layers: setup ## who may import whom
	@$(BIN)/lint-imports --no-logo

generated: setup ## are the generated files up to date?
	@set -e; for module in $(GENERATED); do $(BIN)/python -m $$module --check; done

generate: setup ## write the generated files
	@set -e; for module in $(GENERATED); do $(BIN)/python -m $$module; done

wheel: setup ## build the wheel, install it into an empty environment and run it there
	@scripts/wheel_check.sh

other-installer: setup ## set up with pip where uv is the default, and with uv where pip is
	@scripts/other_installer.sh

check: lint types layers generated test coverage ## what to run before a commit

lock: setup ## pin the dependencies anew; ARGS=--upgrade moves every pin
	@scripts/lock.sh $(ARGS)

clean: ## remove what was built and measured; the virtual environment stays
	@rm -rf build dist src/*.egg-info .coverage .coverage.* htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis
