# Set-up and the daily commands. Bare `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# the first one that is new enough
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(shell \
	$(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
BIN := .venv/bin
VENDOR := desk/static/vendor
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard desk/translations/*/LC_MESSAGES/*.po))
SOURCE_FOLDERS := cli desk flows rules scripts storage tasks telephony
SOURCES := clock.py settings.py $(shell find $(SOURCE_FOLDERS) -name '*.py')
MINIO_FOLDER ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/huifang
# the last source of the archived upstream: by its version, so that a warm module cache needs no network
MINIO := github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: setup ## set up and run a whole working day with simulated customers
	$(BIN)/huifang demo

# whole days against the clock, with processes killed in them: alone, or they starve each other
WHOLE_DAYS := tests/demo tests/faults

.PHONY: test
test: setup lint ## set up and run the checks and tests
	$(BIN)/pytest -m "not long" --numprocesses 2 --dist loadfile $(addprefix --ignore=,$(WHOLE_DAYS))
	$(BIN)/pytest -m "not long" $(WHOLE_DAYS)

.PHONY: test-all
test-all: setup lint ## the tests with the long ones (crash campaigns, soak), then mutation
	$(BIN)/pytest --numprocesses 2 --dist loadfile $(addprefix --ignore=,$(WHOLE_DAYS))
	$(BIN)/pytest $(WHOLE_DAYS)
	$(MAKE) mutation

.PHONY: mutation
mutation: setup ## change every rule in every small way: the tests must notice nine in ten
	$(BIN)/python tests/mutation/run.py --write docs/measurements.md

.PHONY: lint
lint: setup ## style, forms and who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

.PHONY: bench
bench: setup ## print the measurements of benchmarks/
	$(BIN)/python benchmarks/run.py

.PHONY: messages
messages: setup ## collect the pages' sentences into the message catalogues
	$(BIN)/pybabel extract --mapping-file=babel.cfg --sort-by-file --no-location --project=huifang --output-file=desk/translations/messages.pot .
	for po in desk/translations/*/LC_MESSAGES/messages.po; do \
		language=$${po#desk/translations/}; \
		$(BIN)/pybabel update --no-fuzzy-matching --input-file=desk/translations/messages.pot --output-dir=desk/translations --locale=$${language%%/*}; \
	done

.PHONY: lock
lock: ## pin every package again (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock
	npm install --package-lock-only --ignore-scripts

.PHONY: minio
minio: ## build a real MinIO server for the archive tests (needs Go 1.24, takes minutes)
	@command -v go >/dev/null || { echo "Go is missing: https://go.dev/dl"; exit 1; }
	@cd "$$(go mod download -json $(MINIO) | sed -n 's/^\t"Dir": "\(.*\)",$$/\1/p')" && go list -deps . >/dev/null \
		|| { echo "The source of MinIO cannot be had."; exit 1; }
	GOBIN="$(MINIO_FOLDER)" go install $(MINIO)
	@echo "$(MINIO_FOLDER)/minio"

.PHONY: clean
clean: ## remove what set-up made; the state of HUIFANG_HOME stays
	@[ ! -x $(BIN)/huifang ] || $(BIN)/huifang down
	rm -rf .venv node_modules $(VENDOR) build *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -f $(CATALOGUES)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: setup
setup: .venv/python.done .venv/system.done $(VENDOR)/.done $(CATALOGUES) .venv/compiled.done ## prepare .venv, the npm packages and the message catalogues
	@true

# a copied or moved environment has a dead interpreter or another folder's programs: made anew
.venv/python.done: requirements.lock pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "huifang needs Python 3.11 or newer; found: $$(python3 --version 2>&1 || true)"; exit 1; }
	@if ! grep -qsxF "$(CURDIR)" .venv/huifang.home || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		echo "Making .venv with $$($(PYTHON) --version) …"; \
		$(PYTHON) -m venv --clear .venv || { echo "The venv module is missing: apt-get install python3-venv"; exit 1; }; \
		echo "$(CURDIR)" > .venv/huifang.home; \
	fi
	@echo "Installing the Python packages …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# once for all: half of what a short command takes is reading our own sources, where nothing may be written beside them
# (PYTHONDONTWRITEBYTECODE)
.venv/compiled.done: .venv/python.done $(SOURCES)
	@$(BIN)/python -m compileall -q clock.py settings.py $(SOURCE_FOLDERS)
	@touch $@

# only where we are root and apt is there; without them the demo runs, and a test that needs one says so
.venv/system.done: | .venv/python.done
	@missing=(); \
	command -v chromium >/dev/null || missing+=(chromium); \
	command -v espeak-ng >/dev/null || missing+=(espeak-ng); \
	command -v ffmpeg >/dev/null || missing+=(ffmpeg); \
	command -v cc >/dev/null || missing+=(gcc libc6-dev); \
	fc-list :lang=zh 2>/dev/null | grep -q . || missing+=(fonts-noto-cjk); \
	if [ $${#missing[@]} -gt 0 ]; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing $${missing[*]} …"; \
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}" >/dev/null; } \
				|| echo "apt could not install $${missing[*]}; some tests will ask for them."; \
		else \
			echo "Not installed, needed by some tests only: $${missing[*]}"; \
		fi; \
	fi
	@touch $@

node_modules/.done: package.json package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 18 or newer"; exit 1; }
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)' || { echo "huifang needs Node.js 18 or newer; found: $$(node --version)"; exit 1; }
	@echo "Installing the npm packages …"
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# what the desk serves from its own origin
$(VENDOR)/.done: node_modules/.done
	@npm run --silent vendor
	@touch $@

%.mo: %.po .venv/python.done
	@$(BIN)/pybabel -q compile --input-file=$< --output-file=$@
