# Two commands matter: `make demo` and `make test`. `make help` lists the rest.
#
# .venv holds the package as a user has it (a built wheel, not editable) and serves demo, lab and test.
# .venv-dev, made by `make develop`, is an editable install for daily work. Name another with VENV=...

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo lab test side-by-side lint docs format python-tests typescript-tests browser-tests bench soak reliability develop clean

VENV ?= .venv
DEV_VENV ?= .venv-dev
DEMO := demo-workspace
# Processes that share the Python tests out; files stay together (tests/support/sharing_out.py). One more than cores, as
# half of the time a test waits for processes that it has started.
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
WORKERS ?= $(shell echo $$(( $(CORES) < 5 ? $(CORES) + 1 : 6 )))
# On CI a test that fails has a second chance, and is told of; the fourth has none (tests/support/second_chance.py).
SECOND_CHANCE := $(if $(CI),--reruns=1 --max-suite-reruns=3 --rerun-show-tracebacks)
WHEEL := .build/wheel

# Node and its tools come with the environment; the machine's own, if any, is not asked.
ENV_BIN := $(abspath $(VENV))/bin
export PATH := $(ENV_BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1

# What the wheel is made of.
SOURCES := $(shell find jupyter_mlws src style schema jupyter-config -type f \
	-not -path '*/labextension/*' -not -path '*/widgets/static/*' -not -path '*/__pycache__/*' -not -path '*/__tests__/*' 2>/dev/null) \
	pyproject.toml package.json yarn.lock tsconfig.json install.json README.md LICENSE \
	scripts/build-widget.mjs

say = @printf '\n\033[1m%s\033[0m\n' "$(1)"

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

## ---- environments -----------------------------------------------------------------------------------------------

$(VENV)/bin/python:
	@scripts/make-environment.sh $(VENV)

$(WHEEL)/.built: $(SOURCES) | $(VENV)/bin/python
	@scripts/build-wheel.sh $(VENV) $(WHEEL)
	@touch $@

$(VENV)/.installed-%: $(WHEEL)/.built | $(VENV)/bin/python
	@scripts/install-package.sh $(VENV) $* $(WHEEL)
	@touch $@

# The build installs the frontend's libraries; this is for whoever has the wheel but not them.
node_modules/.yarn-state.yml: package.json yarn.lock | $(VENV)/.installed-test
	@jlpm install --immutable
	@touch $@

develop: ## an editable install in .venv-dev for daily work
	@test -x $(DEV_VENV)/bin/python || scripts/make-environment.sh $(DEV_VENV)
	$(DEV_VENV)/bin/python -m pip install --quiet --editable '.[dev,demo]'
	@rm -rf $(DEV_VENV)/share/jupyter/labextensions/jupyter-mlws
	@ln -s $(abspath jupyter_mlws/labextension) $(DEV_VENV)/share/jupyter/labextensions/jupyter-mlws
	@echo "Ready: . $(DEV_VENV)/bin/activate, then 'jlpm watch' beside 'jupyter lab'."

## ---- for people --------------------------------------------------------------------------------------------------

demo: $(VENV)/.installed-demo ## train digit classifiers as tracked runs, and show them
	@$(VENV)/bin/python scripts/demo.py $(DEMO)

lab: $(VENV)/.installed-demo ## open JupyterLab on the demo
	@$(VENV)/bin/python scripts/lab.py $(DEMO) $(LAB_ARGS)

## ---- for developers ----------------------------------------------------------------------------------------------

test: side-by-side browser-tests ## every check and every test, as CI runs them
	$(call say,All checks passed.)

# Python tests leave the machine time for what is written into the log meanwhile; browsers need it for themselves.
CHECKS := lint docs typescript-tests
side-by-side: $(VENV)/.installed-test node_modules/.yarn-state.yml
	@scripts/side-by-side.sh .build/checks.log '$(MAKE) --keep-going $(CHECKS)' '$(MAKE) python-tests'

lint: $(VENV)/.installed-test node_modules/.yarn-state.yml ## style, types and import contracts, Python and TypeScript
	$(call say,Python: ruff mypy import-linter)
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-logo
	$(call say,TypeScript: tsc stylelint prettier eslint)
	jlpm lint:check

docs: $(VENV)/.installed-test ## the pages and the reference of the API, as a site in .build/docs
	$(call say,The pages and the reference: Sphinx)
	$(VENV)/bin/python -m sphinx -q -W --keep-going -b html docs .build/docs
	@echo "See .build/docs/index.html"

format: $(VENV)/.installed-test node_modules/.yarn-state.yml ## rewrite the files as the linters want them
	ruff check --fix .
	ruff format .
	jlpm lint

python-tests: $(VENV)/.installed-test ## pytest, against the installed package
	$(call say,Python tests)
	@scripts/engines.sh
	pytest $(if $(filter-out 1,$(WORKERS)),--numprocesses=$(WORKERS)) --durations=10 $(SECOND_CHANCE) $(PYTEST_ARGS)

typescript-tests: $(VENV)/.installed-test node_modules/.yarn-state.yml ## jest
	$(call say,TypeScript tests)
	jlpm test

browser-tests: $(VENV)/.installed-test ## galata in a real Chromium, against a real server
	$(call say,Browser tests)
	@scripts/browser-tests.sh $(VENV) $(UI_ARGS)

bench: $(VENV)/.installed-test ## beside its peers: metrics, runs among very many, from %%submit to the script's first line, and how all of it grows
	@$(VENV)/bin/python bench/whole.py $(BENCH_ARGS)

soak: $(VENV)/.installed-test ## the long form of the fault tests, within an hour; PART=load runs a part
	@scripts/engines.sh
	@$(VENV)/bin/python scripts/soak.py $(PART)

reliability: $(VENV)/.installed-test ## write docs/reliability.md from the results of the last runs
	@$(VENV)/bin/python tests/support/reliability_page.py

clean: ## remove what was built and installed; the demo's runs stay until demo-workspace is removed
	rm -rf $(VENV) $(DEV_VENV) .build lib node_modules ui-tests/node_modules jupyter_mlws/labextension jupyter_mlws/widgets/static coverage
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .eslintcache .stylelintcache
	rm -rf ui-tests/test-results ui-tests/playwright-report tsconfig.tsbuildinfo
