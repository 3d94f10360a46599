# Everything that this project can do. Needs Python >= 3.11, make and git; the rest is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(abspath $(VENV)/bin)
UV_KEPT := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pycrm/uv
IN_VENV := PATH="$(BIN):$$PATH"
DISTRIBUTIONS := pyproject.toml $(wildcard plugins/*/pyproject.toml)

# Interpreters that are not there are left out, not downloaded; under CI a missing one is a failure.
export UV_PYTHON_DOWNLOADS ?= never
TOX_FLAGS := $(if $(filter true,$(CI)),--skip-missing-interpreters=false)

.DEFAULT_GOAL := help
.PHONY: help demo test lint docs bench reliability clean

help:  ## this text
	@sed -n '1s/^# //p' Makefile
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/workspace.stamp  ## the main job on embedded SQLite, in an empty folder
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && cd "$$folder" && "$(BIN)/pycrm" demo

test: $(VENV)/tools.stamp  ## all of tox, or the environments named in ENV=
	$(IN_VENV) tox run $(TOX_FLAGS) $(if $(ENV),-e $(ENV))

lint: $(VENV)/tools.stamp  ## ruff, and what it can mend by itself
	$(IN_VENV) ruff check --fix
	$(IN_VENV) ruff format

docs: $(VENV)/tools.stamp  ## run the documentation and build it into site/
	$(IN_VENV) tox run $(TOX_FLAGS) -e docs

bench: $(VENV)/bench.stamp  ## ratios to a baseline of the same run, into bench.json; ONLY=a,b DB=sqlite
	$(IN_VENV) python -m benchmarks.run $(if $(ONLY),--only $(ONLY)) $(if $(DB),--database $(DB))

reliability: $(VENV)/workspace.stamp  ## the long proofs, into reliability.json; CHECKS=a,b DB=sqlite SEED=1
	$(IN_VENV) python -m reliability.run $(if $(CHECKS),--checks $(CHECKS)) $(if $(DB),--database $(DB)) $(if $(SEED),--seed $(SEED))

clean:  ## remove everything that the targets above made, results excepted
	rm -rf $(VENV) .tox .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache site dist .coverage .coverage.*

# uv is the machine's own if it has one, else the one that an earlier clone left in the cache, else pip fetches it.
$(VENV)/uv.stamp:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "pycrm needs Python 3.11 or newer; try make PYTHON=python3.12")'
	"$(PYTHON)" -m venv --clear $(VENV)
	@if command -v uv >/dev/null; then ln -s "$$(command -v uv)" "$(BIN)/uv"; \
	elif [ -x "$(UV_KEPT)" ]; then cp "$(UV_KEPT)" "$(BIN)/uv"; \
	else "$(BIN)/pip" install --quiet uv && mkdir -p "$(dir $(UV_KEPT))" && cp "$(BIN)/uv" "$(UV_KEPT)"; fi
	@touch $@

$(VENV)/workspace.stamp: $(VENV)/uv.stamp $(DISTRIBUTIONS) tools/install.py
	$(IN_VENV) python -m tools.install
	@touch $@

$(VENV)/bench.stamp: $(VENV)/workspace.stamp
	$(IN_VENV) python -m tools.install --group bench
	@touch $@

$(VENV)/tools.stamp: $(VENV)/workspace.stamp
	$(IN_VENV) python -m tools.install --group dev
	@touch $@
