# make run: set everything up and serve.   make test: set everything up and run every test.
# make check: style, types, layers.        make bench: how fast it is, beside others. make bench-scale: with many tasks.
# make bench-fairness: how much one tenant slows another.

PYTHON ?= python3
BIN := .venv/bin
# Locks name all there is to install, so pip resolves nothing: an old one looks for the newest of what is named with an extra.
INSTALL := -m pip install --quiet --disable-pip-version-check --no-deps

.PHONY: run migrate roles test unit check format docs bench bench-scale bench-fairness lock clean

run: .venv/run
	@$(BIN)/taskward serve

migrate: .venv/run
	@$(BIN)/taskward migrate

roles: .venv/run
	@$(BIN)/taskward create-roles

test: .venv/dev .venv/clients/installed tests/clients/node_modules/installed
	$(BIN)/pytest tests/unit --cov --cov-report=term-missing:skip-covered
	$(BIN)/pytest --ignore=tests/unit

unit: .venv/dev
	$(BIN)/pytest tests/unit

check: .venv/dev
	$(BIN)/python -m pip check --disable-pip-version-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config importlinter.ini

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/dev
	$(BIN)/python -m tests.docs.coverage_page

# OPTIONS=--help shows what can be chosen.
bench: .venv/bench
	$(BIN)/python -m benchmarks.run $(OPTIONS)

bench-scale: .venv/bench
	$(BIN)/python -m benchmarks.scale $(OPTIONS)

bench-fairness: .venv/bench
	$(BIN)/python -m benchmarks.fairness $(OPTIONS)

# The locks: exact versions with hashes, for every Python from 3.11 and every platform. Needs uv.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --group pyproject.toml:build -o requirements.lock $(UPGRADE)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --group pyproject.toml:build --group pyproject.toml:dev -c requirements.lock -o requirements-dev.lock $(UPGRADE)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --group pyproject.toml:build --group pyproject.toml:bench \
		-c requirements.lock -c requirements-dev.lock -o requirements-bench.lock $(UPGRADE)

	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --group pyproject.toml:clients -o tests/clients/requirements.lock $(UPGRADE)

clean:
	rm -rf .venv tests/clients/node_modules

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Taskward needs Python 3.11 or newer; say which: make PYTHON=python3.12")'
	@echo "Making a virtual environment in .venv"
	@$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python requirements.lock pyproject.toml
	@echo "Installing the locked packages"
	@test -e .venv/dev || $(BIN)/python $(INSTALL) --require-hashes -r requirements.lock
	@$(BIN)/python $(INSTALL) --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/bin/python requirements-dev.lock pyproject.toml
	@echo "Installing the locked packages, with those for development"
	@$(BIN)/python $(INSTALL) --require-hashes -r requirements-dev.lock
	@$(BIN)/python $(INSTALL) --no-build-isolation -e .
	@touch $@ .venv/run

.venv/bench: .venv/bin/python requirements-bench.lock pyproject.toml
	@echo "Installing the locked packages, with those for the benchmarks"
	@$(BIN)/python $(INSTALL) --require-hashes -r requirements-bench.lock
	@$(BIN)/python $(INSTALL) --no-build-isolation -e .
	@touch $@

# The generators of clients: what the tests of generated clients run, and nothing else.
.venv/clients/installed: .venv/bin/python tests/clients/requirements.lock
	@echo "Installing the generator of Python clients"
	@$(BIN)/python -m venv .venv/clients
	@.venv/clients/bin/python $(INSTALL) --require-hashes -r tests/clients/requirements.lock
	@touch $@

tests/clients/node_modules/installed: tests/clients/package-lock.json
	@if command -v npm >/dev/null; then \
		echo "Installing the generator of TypeScript clients"; \
		npm ci --prefix tests/clients --ignore-scripts --no-audit --no-fund --loglevel=error && touch $@; \
	else \
		echo "Without npm the tests that need it are skipped"; \
	fi
