# `make run` shows Cellblock at work, `make test` checks everything. Both set up what they need.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
# Where cargo puts what it builds: target/, or what CARGO_TARGET_DIR says.
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
CELLBLOCK := $(TARGET_DIR)/debug/cellblock
CARGO_FLAGS := --locked

.PHONY: help prepare prepare-tests frontend build run test lint queries types doc deny bench clean

help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

prepare:
	@.ci/prepare

prepare-tests:
	@.ci/prepare tests

# What npm installs, and what the browser notebook is built to.
MODULES := frontend/node_modules/.package-lock.json
PAGE := frontend/dist/index.html

$(MODULES): frontend/package-lock.json
	@echo "installing what the browser notebook is built with (half a minute or more) ..."
	cd frontend && npm ci --no-audit --no-fund --loglevel=error --progress
	@touch $@

$(PAGE): $(MODULES) $(shell git ls-files frontend examples)
	@echo "building the browser notebook ..."
	cd frontend && npm run --silent build

frontend: prepare $(PAGE) ## Build the browser notebook, which the command holds.

build: prepare frontend ## Build the command `cellblock`.
	$(CARGO) build $(CARGO_FLAGS) --workspace

run: build ## Prepare the interpreter, run examples/tour.ipynb (its outputs are in target/tour.ipynb), and serve.
	@mkdir -p target
	$(CELLBLOCK) run examples/tour.ipynb --image ml --out target/tour.ipynb
	@echo "target/tour.ipynb has the outputs; open it with any notebook viewer. Your own: $(CELLBLOCK) run FILE.ipynb"
	@echo "The service is at the address below, its API at /docs; Ctrl-C ends it."
	$(CELLBLOCK) serve

test: prepare-tests frontend lint doc ## Check style, run all tests, build the documentation, check the dependencies.
	$(CARGO) test $(CARGO_FLAGS) --workspace
	@.ci/test-postgres
	@.ci/test-browser
	@.ci/test-clients
	$(CARGO) bench $(CARGO_FLAGS) --workspace --profile dev --bench load -- --quick
	@.ci/deny

lint: $(MODULES)
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings
	cd frontend && npm run --silent lint

queries: prepare ## Check the database queries against the schema and renew .sqlx/, after changing either.
	@.ci/queries

types: build ## Renew the types of the API in frontend/ and clients/, after changing the API.
	$(CELLBLOCK) openapi > $(TARGET_DIR)/openapi.json
	cd frontend && npm run --silent types -- $(abspath $(TARGET_DIR))/openapi.json
	@.ci/client-tools
	clients/python/.venv/bin/python clients/python/scripts/make.py $(TARGET_DIR)/openapi.json
	cd clients/typescript && npm run --silent types -- $(abspath $(TARGET_DIR))/openapi.json

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(CARGO_FLAGS) --workspace --no-deps

deny: prepare
	@.ci/deny

bench: prepare ## Measure the sandbox and the service on this machine, beside ipykernel and the Jupyter Kernel Gateway.
	benches/compare.sh

clean: ## Remove what was built; the prepared interpreter in the cache folder stays.
	$(CARGO) clean
