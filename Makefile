# What people and CI both use. `make help` lists it.
PORT ?= 8000
export PORT
VENV := .venv
PY := $(VENV)/bin/python
FOUND := $(shell for p in python3.11 python3.12 python3.13 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
PYTHON ?= $(FOUND)
.DEFAULT_GOAL := help
.PHONY: help run setup test check bench format clean

help:  ## Show this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-8s %s\n", $$1, $$2}'

run: setup  ## Install what is missing and start Gyeol on http://127.0.0.1:8000 (PORT= changes it)
	@exec $(PY) manage.py up

setup: $(VENV)/.installed  ## Install into .venv, nothing else

test: $(VENV)/.installed-dev  ## Run every test
	@$(PY) manage.py compile_messages
	@$(PY) -m pytest -n 2

check: $(VENV)/.installed-dev  ## Lint, types, architecture, migrations
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/mypy
	@$(PY) manage.py makemigrations --check --dry-run
	@$(PY) manage.py check

bench: $(VENV)/.installed-dev  ## Measure what docs/benchmarks.md claims
	@$(PY) -m benchmarks

format: $(VENV)/.installed-dev  ## Format the code
	@$(VENV)/bin/ruff check --fix . ; $(VENV)/bin/ruff format .

clean:  ## Remove what was installed (your data under .gyeol/ stays)
	@rm -rf $(VENV)

# Python compiles what is imported when it first is: compiling all of it at once would take longer than unpacking it.
PIP := $(PY) -m pip install --quiet --no-compile --disable-pip-version-check --prefer-binary -c constraints.txt

$(VENV)/.installed: pyproject.toml constraints.txt scripts/requirements.py
	@test -n "$(PYTHON)" || { echo "gyeol: Python 3.11 or newer was not found. Install it, or say where it is: make run PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { echo "gyeol: the virtual environment could not be made (on Debian: apt install python3-venv)." >&2; exit 1; }
	@echo "Installing (some minutes the first time; torch is the large one) …"
	@$(PIP) --upgrade pip  # Python's own is older, and takes three times as long to find out what fits together
	@$(PY) scripts/requirements.py > $(VENV)/requirements.txt
	@$(PIP) -r $(VENV)/requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@$(PY) scripts/requirements.py --dev > $(VENV)/requirements-dev.txt
	@$(PIP) -r $(VENV)/requirements-dev.txt
	@touch $@
