# Two commands are enough: `make run` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
WORKERS ?= 2

.PHONY: run test lint types contract unit test-corpus test-faults test-model test-clients compare-dovecot bench lock clean help

help: ## list what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: $(VENV)/.run ## start Correio with demo accounts on the embedded database
	@exec $(BIN)/correio serve --demo

test: lint types contract unit ## lint, types, the import contract and all tests

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

contract: $(VENV)/.dev
	$(BIN)/lint-imports

unit: $(VENV)/.dev
	$(BIN)/pytest -n $(WORKERS) -m "not faults and not clients and not model and not corpus"

test-corpus: $(VENV)/.dev ## every message of our corpus, and of the directory CORREIO_CORPUS, by every door
	$(BIN)/pytest -n $(WORKERS) -m corpus

test-faults: $(VENV)/.dev ## kill -9, and storms on one mailbox (slow)
	$(BIN)/pytest -n $(WORKERS) -m faults

test-model: $(VENV)/.dev ## 2,000 random sequences of several IMAP sessions against a plain model
	$(BIN)/pytest -n $(WORKERS) -m model

test-clients: $(VENV)/.clients ## real mail programs (Debian: tests/clients/install.sh installs them)
	$(BIN)/pytest -n $(WORKERS) -m clients tests/clients

compare-dovecot: $(VENV)/.dev ## the same messages and commands to Correio and to Debian's Dovecot
	$(BIN)/python -m tests.dovecot

bench: $(VENV)/.dev ## print the speeds, and their ratio to the bare driver
	$(BIN)/python -m bench

lock: $(VENV)/.dev ## resolve the dependencies anew
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra embedded --group build -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra embedded --group build --group dev -o requirements-dev.lock pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group clients --constraints requirements-dev.lock -o requirements-clients.lock

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Correio needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "Making the virtual environment failed; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing the locked dependencies into $(VENV) (once) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing the locked dependencies into $(VENV) (once) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

$(VENV)/.clients: requirements-clients.lock $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-clients.lock
	@touch $@

clean: ## remove what was built; data stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
