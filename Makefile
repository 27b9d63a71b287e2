# Wren. `make run` opens the window; `make test` sets everything up and runs every check and test.

.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
# One test process a core, two at least: most tests wait for a node or a screen.
JOBS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# What may be missing on a developer's machine (with a loud word at the end of the tests), never in CI.
OPTIONAL := $(if $(filter true,$(CI)),,-)

.PHONY: help run demo test check pytest soak fuzz bench screenshots freeze desktop undesktop fmt lock clean

help:
	@echo "make run     open the wallet's window (installs what it needs first)"
	@echo "make demo    do the main job by itself on a network of play money (headless too), with pictures in build/demo/"
	@echo "make test    set everything up, check the code, run every test"
	@echo "make check   lint, types, layers, dependencies"
	@echo "make soak    a long restore beside a real node, and hundreds of kills over everything with keys (some minutes)"
	@echo "make fuzz    hostile bytes for every decoder, a minute each (SECONDS=60)"
	@echo "make bench   print the benchmarks: goal, figure, MET or MISSED"
	@echo "make desktop put Wren into the desktop's menu, and let it open bitcoin: links (make undesktop: out again)"
	@echo "make freeze  freeze the program into build/freeze/wren with PyInstaller, and try it"
	@echo "make screenshots  pictures of every page in build/screenshots/, and those of the README renewed"
	@echo "make fmt     format the code"
	@echo "make lock    renew the lock files"
	@echo "make clean   remove what the other commands made"

$(VENV)/.runtime: requirements.lock requirements-build.lock pyproject.toml tools/make_venv.sh
	@tools/make_venv.sh runtime
	@touch $@

$(VENV)/.dev: requirements-dev.lock requirements-build.lock pyproject.toml tools/make_venv.sh
	@tools/make_venv.sh dev
	@touch $@ $(VENV)/.runtime

run: $(VENV)/.runtime
	@$(PY) tools/system_packages.py
	@$(PY) -m wallet

demo: $(VENV)/.runtime
	@$(PY) tools/system_packages.py
	@$(PY) -m tools.demo build/demo

test: $(VENV)/.dev
	$(OPTIONAL)@$(PY) tools/system_packages.py --tests
	$(OPTIONAL)@$(PY) tools/fetch_node.py >/dev/null
	@$(MAKE) --no-print-directory --keep-going check pytest

pytest: $(VENV)/.dev
	@QT_QPA_PLATFORM=offscreen $(PY) -m pytest -n $(JOBS) --dist loadgroup

check: $(VENV)/.dev
	@$(PY) tools/check.py

soak: $(VENV)/.dev
	@$(PY) tools/fetch_node.py >/dev/null
	@WREN_SOAK=1 $(PY) -m pytest -q tests/realnode/test_long_restore.py tests/soak

fuzz: $(VENV)/.dev
	-@$(PY) -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes --only-binary :all: \
		--target build/fuzz/packages --upgrade -r requirements-fuzz.lock
	@$(PY) tools/fuzz.py --seconds $(or $(SECONDS),60)

bench: $(VENV)/.dev
	@$(PY) -m benchmarks

desktop: $(VENV)/.runtime
	@$(PY) -m tools.desktop install

undesktop: $(VENV)/.runtime
	@$(PY) -m tools.desktop remove

freeze:
	@tools/make_venv.sh runtime build/freeze/venv
	@build/freeze/venv/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes \
		-r requirements-freeze.lock
	@build/freeze/venv/bin/python -m tools.freeze

screenshots: $(VENV)/.dev
	@$(PY) -m tools.picture_book build/screenshots --docs

fmt: $(VENV)/.dev
	@$(VENV)/bin/ruff check --quiet --fix-only .
	@$(VENV)/bin/ruff format --quiet .

lock: $(VENV)/.dev
	@$(PY) tools/lock.py

clean:
	rm -rf $(VENV) build dist htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
	find wallet tests benchmarks tools -name __pycache__ -prune -exec rm -rf {} +
