# Everything a newcomer types. `make` alone lists it.
PYTHON ?= python3
BIN := .venv/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test check torture bench pictures goldens format clean

help: ## list what there is
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/ready ## set up, send a sample issue to a local inbox, print the page to open
	@$(BIN)/dispatch demo

test: .venv/ready-to-test ## run the whole suite: style, types, contracts, SQLite, PostgreSQL, SMTP, browser
	@$(BIN)/ruff check --quiet src tests bench docs
	@$(BIN)/ruff format --check --quiet src tests bench docs
	@$(BIN)/mypy
	@$(BIN)/lint-imports > .venv/contracts.txt || { cat .venv/contracts.txt; exit 1; }
	@$(BIN)/python -m pytest $(ARGS)

check: test ## the same as test

torture: .venv/ready-to-test ## kill a sender a thousand times and count: nobody lost, every double named
	@DISPATCH_KILLS=1000 $(BIN)/python -m pytest -s tests/torture $(ARGS)

bench: .venv/ready-to-test ## how fast it is, beside what one would pick instead (bench/README.md)
	@$(BIN)/python -m bench $(ARGS)

pictures: .venv/ready-to-test ## take README's pictures anew
	@$(BIN)/python docs/pictures/take.py

goldens: .venv/ready-to-test ## take the golden pictures of the mail anew, after a wanted change (ARGS: part of a name)
	@$(BIN)/python -m tests.rendering.picturing $(ARGS)

format: .venv/ready-to-test ## put the code into its one format
	@$(BIN)/ruff check --fix --quiet src tests bench docs
	@$(BIN)/ruff format --quiet src tests bench docs

clean: ## remove what was set up
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/ready: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Setting up (once) …"
	@$(PIP) --editable .
	@touch $@

.venv/ready-to-test: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Setting up for tests (once) …"
	@$(PIP) --upgrade 'pip>=25.1'
	@$(PIP) --editable '.[postgres]' --group dev
	@touch $@ .venv/ready
