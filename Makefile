# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The only entry point, for people and for CI: "make help" lists what there is.
# Everything lives in .venv/ (tools) and .build/ (results, caches, a HOME of its own); nothing else is touched.

PYTHON ?= python3
MODE   ?= strict
JOBS   ?= 3
PYTEST_ARGS ?=
ALSO   ?=
ARGS   ?=
TARGETS ?=
PYTHONS ?=
PAIRS  ?=
SIZES  ?= 1 10 100 1000

VENV  := $(CURDIR)/.venv
BUILD := $(CURDIR)/.build
BIN   := $(VENV)/bin
READY := .venv/.ready
# Tools that walk through the collection get a copy of it: the project's own folder holds what other checks write.
COPY  := $(BIN)/python scripts/collection.py
MEASURED := $(BUILD)/coverage-data
EMULATOR := roles/dcos_emulator/files
DEMO  := $(BUILD)/demo

LINTERS := ansible-lint yamllint ruff mypy reuse changelog-lint docs-lint zizmor
# What takes longest begins first, so that short ones fill the end.
CHECKS  := playbooks integration sanity molecule examples resources conformance unit $(LINTERS) docs build
# What a release needs besides, one after the other: each takes the whole machine.
RELEASE := demo exhaustive examples-twice molecule-all units build packaging lower-bounds coverage mutations matrix

# What the caller's shell says to Ansible or to DC/OS tools must not reach a check.
$(foreach name,$(filter ANSIBLE_% DCOS_% MOLECULE_% PYTEST_%,$(.VARIABLES)),$(if $(filter environment%,$(origin $(name))),$(eval unexport $(name))))

export ANSIBLE_COLLECTIONS_PATH := $(VENV)/collections
export ANSIBLE_NOCOLOR := 1
export NO_COLOR := 1
export PYTHONPATH := $(VENV)/collections
export PATH := $(BIN):$(PATH)
export LC_ALL := $(if $(filter Darwin,$(shell uname)),en_US.UTF-8,C.UTF-8)

$(shell mkdir -p $(BUILD)/home $(BUILD)/reports)
PIP_SETTINGS := $(firstword $(wildcard $(HOME)/.config/pip/pip.conf $(HOME)/.pip/pip.conf))
ifneq ($(PIP_SETTINGS),)
export PIP_CONFIG_FILE ?= $(PIP_SETTINGS)
endif
# Each target has a HOME of its own: the caller's stays untouched and unread, and checks that run side by side share none.
# Only pip uses the caller's settings.
ISOLATED  = mkdir -p $(BUILD)/home/$@ && HOME=$(BUILD)/home/$@
RUN       = $(ISOLATED) $(BIN)/python scripts/run_checks.py --reports $(BUILD)/reports
TARGETS_RUN = $(ISOLATED) $(BIN)/python scripts/integration.py --build-dir $(BUILD) --report $(BUILD)/reports/integration.xml
PYTEST    = $(ISOLATED) $(BIN)/python -m pytest --junitxml=$(BUILD)/reports/$@.xml
# Two at a time: much of it waits, for an emulator or for one process after the other.
EXAMPLES  = $(PYTEST) -n 2 --dist loadscope --timeout 1200 tests/examples
PLAYBOOKS = $(PYTEST) -n 2 --dist loadfile tests/integration $(PYTEST_ARGS)

.DEFAULT_GOAL := help
.PHONY: help presets-table venv demo test release matrix dist bench lint format lock clean changelog coverage lower-bounds packaging mutations units exhaustive examples-twice molecule-all $(CHECKS)

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' $(firstword $(MAKEFILE_LIST)) | while read -r name text; do printf '  %-15s %s\n' "$$name" "$$text"; done

# An environment of its own: what users of the collection have, and the emulator.
demo: export ANSIBLE_COLLECTIONS_PATH := $(DEMO)/collections
demo: $(DEMO)/.ready ## Provision a service against a local emulator; MODE=strict, permissive or disabled
	@$(ISOLATED) $(DEMO)/bin/python scripts/demo $(MODE) $(BUILD)/access.html

test: $(READY) ## Every check below, JOBS at a time; the last line is "N passed, N failed" (ALSO=packaging for more of them)
	@$(RUN) --jobs $(JOBS) $(ALSO) $(CHECKS)

release: $(READY) ## What takes longer than "make test" may: RELEASE="coverage mutations" for a part of it
	@$(RUN) --jobs 1 --limit 14400 $(RELEASE)

matrix: $(READY) ## Sanity tests and integration suite on every ansible-core and Python (PAIRS="2.19 2.21-py3.13")
	@$(BIN)/python scripts/matrix.py --build-dir $(BUILD) --jobs $(JOBS) $(PAIRS:%=--pair %)

dist: $(READY) ## The tarball: content, Galaxy, execution environments, read-only installation, lowest versions of libraries
	@$(RUN) --jobs $(JOBS) build packaging lower-bounds

unit: $(READY) ## tests/unit (PYTEST_ARGS="-k name")
	@$(PYTEST) tests/unit $(PYTEST_ARGS)

resources: $(READY) ## tests/resources: the library against the emulator in the same process (PYTEST_ARGS="-k name")
	@$(PYTEST) -n 2 --dist worksteal tests/resources $(PYTEST_ARGS)

exhaustive: $(READY) ## What other checks sample, in full: wrong answers, orders of two runs, interruptions, installations (PYTEST_ARGS="-k name")
	@$(PYTEST) -n 2 --dist worksteal --timeout 7200 -m exhaustive tests/resources tests/integration tests/packaging $(PYTEST_ARGS)

units: $(READY) ## tests/unit by ansible-test, a process for each test, on every Python that it knows (PYTHONS="3.8 3.13")
	@$(BIN)/python scripts/units.py --build-dir $(BUILD) --report $(BUILD)/reports/units.xml $(PYTHONS:%=--python %)

conformance: $(READY) ## tests/conformance: the emulator against the observed APIs, row by row
	@$(PYTEST) tests/conformance $(PYTEST_ARGS)

integration: $(READY) ## tests/integration/targets: every module by ansible-test, against a running emulator (TARGETS="dcos_ca dcos_token")
	@$(TARGETS_RUN) $(TARGETS)

playbooks: $(READY) ## tests/integration/test_*.py: roles, faults, interruptions, leaks and bad input, by ansible-playbook
	@$(PLAYBOOKS)

coverage: $(READY) ## Branch coverage of plugins/ through unit tests, resources, integration and playbooks
	@rm -rf $(MEASURED) && mkdir -p $(MEASURED)/modules
	@export COVERAGE_FILE=$(MEASURED)/unit/coverage.unit && $(PYTEST) tests/unit tests/resources --cov --cov-report=
	@target=$$($(BIN)/python scripts/target_python.py --build-dir $(BUILD) measured) && \
	  export DCOS_TEST_TARGET_PYTHON=$$target && $(TARGETS_RUN) && $(PLAYBOOKS)
	@$(BIN)/coverage combine --quiet --keep $(MEASURED)/unit $(MEASURED)/modules
	@$(BIN)/coverage report

bench: $(READY) ## How long provisioning takes, how work grows with its input, and how fast audit lines are read (SIZES="1 10", CONTINUE=1 after a stop, PROFILE=1, DOCS=1 writes the page)
	@$(ISOLATED) $(BIN)/python tests/benchmarks/growth.py
	@$(ISOLATED) $(BIN)/python tests/benchmarks/run.py --build-dir $(BUILD)/bench --sizes $(SIZES) \
	  $(if $(CONTINUE),--continue) $(if $(PROFILE),--profile) $(if $(DOCS),--docs)
	@$(ISOLATED) $(BIN)/python tests/benchmarks/audit.py

lower-bounds: $(READY) ## Integration and playbooks on the oldest Python, with the lowest versions of libraries
	@target=$$($(BIN)/python scripts/target_python.py --build-dir $(BUILD) lowest) && \
	  export DCOS_TEST_TARGET_PYTHON=$$target && $(TARGETS_RUN) && $(PLAYBOOKS)

packaging: $(READY) ## tests/packaging: the tarball on Galaxy, in execution environments, installed read-only
	@$(PYTEST) tests/packaging $(PYTEST_ARGS)

examples: $(READY) ## tests/examples: every example of the documentation, as it stands, against a running emulator
	@$(EXAMPLES) $(PYTEST_ARGS)

examples-twice: $(READY) ## The same, each example twice in a row: the second run reports what the table says
	@$(EXAMPLES) --turns 2 $(PYTEST_ARGS)

mutations: $(READY) ## Takes each rule of docs/docsite/rst/statements.rst out of a copy; its tests must fail (ARGS="--tests tests/unit")
	@$(ISOLATED) $(BIN)/python scripts/mutations.py --jobs $(JOBS) $(ARGS)

# Started here: inside extensions/ its configuration is not found.
molecule: $(READY) ## The scenario "strict" of extensions/molecule: both roles through their whole life
	@$(ISOLATED) $(BIN)/molecule test --scenario-name strict

molecule-all: $(READY) ## Every scenario of extensions/molecule
	@$(ISOLATED) $(BIN)/molecule test --all

sanity: $(READY) ## All ansible-test sanity tests; those that load the code on the oldest Python too ("make matrix": on all)
	@$(BIN)/python scripts/sanity.py --build-dir $(BUILD) --ends

lint: $(READY) ## All linters
	@$(RUN) --jobs $(JOBS) $(LINTERS)

ansible-lint: $(READY) ## ansible-lint, profile production
	@$(ISOLATED) $(BIN)/ansible-lint --offline --strict

yamllint: $(READY) ## yamllint
	@$(ISOLATED) $(BIN)/yamllint --strict .

ruff: $(READY) ## ruff, rules and format
	@$(ISOLATED) $(BIN)/ruff check --quiet .
	@$(ISOLATED) $(BIN)/ruff format --quiet --check --diff .

mypy: $(READY) ## mypy --strict over the library, modules, filters and the emulator
	@$(ISOLATED) $(BIN)/mypy -p ansible_collections.dcos.security.plugins $(if $(wildcard $(EMULATOR)/src),-p dcos_emulator)

reuse: $(READY) ## Copyright and licence of every file
	@$(ISOLATED) $(BIN)/reuse lint --quiet || { $(BIN)/reuse lint --lines; exit 1; }

# Offline. It would ask GitHub for known faults of the actions; Dependabot reports those there.
zizmor: $(READY) ## The workflows of GitHub and its dependency updates: what could be misused
	@$(ISOLATED) $(BIN)/zizmor --offline --no-progress --quiet --persona pedantic .github

changelog-lint: $(READY) ## Changelog: fragments, and whether CHANGELOG.md tells what they say
	@$(ISOLATED) $(BIN)/antsibull-changelog lint
	@! grep -nE '\b(B|C|E|I|M|O|P|RV|V)\(' changelogs/fragments/*.yml || { echo "Entries are reStructuredText: \`\`name\`\`" >&2; exit 1; }
	@$(ISOLATED) $(BIN)/antsibull-changelog lint-changelog-yaml changelogs/changelog.yaml
	@$(ISOLATED) $(BIN)/python scripts/changelog.py --check

changelog: $(READY) ## CHANGELOG.md anew: the version in galaxy.yml, from fragments and plugins (DATE=2026-12-31)
	@$(ISOLATED) $(BIN)/python scripts/changelog.py $(if $(DATE),--date $(DATE))

docs-lint: $(READY) ## Plugin and role documentation, references included
	@cd $$($(COPY) $(BUILD)/docs-lint) && $(ISOLATED) ANSIBLE_COLLECTIONS_PATH=$(BUILD)/docs-lint \
	  $(BIN)/python $(CURDIR)/scripts/docs/lint.py lint-collection-docs --plugin-docs --validate-collection-refs self .

# antsibull-docs refuses to write into a folder that others may write to. The pages: .build/docs/html/index.html
docs: $(READY) ## The documentation site, in .build/docs/html; a warning is an error
	@rm -rf $(BUILD)/docs && mkdir -p $(BUILD)/docs && mkdir -m 0700 $(BUILD)/docs/rst
	@$(COPY) $(BUILD)/docs/source >/dev/null
	@$(ISOLATED) ANSIBLE_COLLECTIONS_PATH=$(BUILD)/docs/source $(BIN)/antsibull-docs --config-file scripts/docs/antsibull-docs.cfg collection --use-current --squash-hierarchy \
	  --fail-on-error --no-add-antsibull-docs-version --dest-dir $(BUILD)/docs/rst dcos.security >$(BUILD)/docs/antsibull.log || \
	  { cat $(BUILD)/docs/antsibull.log; exit 1; }
	@$(BIN)/python scripts/docs/index.py $(BUILD)/docs/rst
	@$(ISOLATED) $(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --builder html --conf-dir scripts/docs \
	  --doctree-dir $(BUILD)/docs/doctrees $(BUILD)/docs/rst $(BUILD)/docs/html
	@echo "Read $(BUILD)/docs/html/index.html"

build: $(READY) ## Build the tarball and look into it
	@$(ISOLATED) $(BIN)/python scripts/check_artifact.py --build-dir $(BUILD)

format: $(READY) presets-table ## Let ruff rewrite the Python files, and what is made from data
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

presets-table: $(READY) ## The guide to the shipped presets, from the data
	@$(ISOLATED) $(BIN)/python scripts/presets_table.py

venv: $(READY) ## Only set up .venv

# An empty environment. A missing ensurepip (Debian splits it off) is made good with the interpreter's own pip.
define NEW_ENVIRONMENT
$(PYTHON) -c 'import sys; sys.version_info >= (3, 10) or sys.exit("Python 3.10 or later is needed: make PYTHON=python3.x ...")'
test -x $(1)/bin/pip || $(PYTHON) -m venv --clear $(1) 2>/dev/null || \
  { $(PYTHON) -m venv --clear --without-pip $(1) && $(PYTHON) -m pip --python $(1)/bin/python install --quiet pip; } || \
  { echo "Neither ensurepip nor pip is there: install your system's python3-venv." >&2; exit 1; }
endef

# Nothing is compiled ahead (--no-compile): most of it is never run, and the rest is compiled when it is imported.
$(DEMO)/.ready: requirements.txt requirements/controller.in requirements/dev.txt $(EMULATOR)/pyproject.toml
	@echo "Setting up the demo in .build/demo (once, and when requirements change) ..."
	@$(call NEW_ENVIRONMENT,$(DEMO))
	@$(DEMO)/bin/pip install --quiet --no-compile --disable-pip-version-check -c requirements/dev.txt -r requirements/controller.in \
	  -r requirements.txt hatchling editables
	@$(DEMO)/bin/pip install --quiet --disable-pip-version-check --no-build-isolation -c requirements/dev.txt -e $(EMULATOR)
	@mkdir -p $(DEMO)/collections/ansible_collections/dcos
	@ln -sfn $(CURDIR) $(DEMO)/collections/ansible_collections/dcos/security
	@touch $@

$(READY): requirements.txt requirements/dev.txt scripts/compile_once.py $(wildcard $(EMULATOR)/pyproject.toml)
	@echo "Setting up .venv (once, and when requirements change) ..."
	@$(call NEW_ENVIRONMENT,.venv)
	@$(BIN)/pip install --quiet --no-compile --disable-pip-version-check -r requirements/dev.txt
	@if test -f $(EMULATOR)/pyproject.toml; then \
	  $(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation -c requirements/dev.txt -e $(EMULATOR); fi
	@mkdir -p $(VENV)/collections/ansible_collections/dcos
	@ln -sfn ../../../.. $(VENV)/collections/ansible_collections/dcos/security
	@$(BIN)/python scripts/compile_once.py $(BUILD)/compiled
	@touch $@

lock: ## Resolve requirements/*.in for every Python into requirements/dev.txt, dist.txt and eda.txt
	@test -x $(BUILD)/lock/bin/uv || { $(PYTHON) -m venv $(BUILD)/lock && $(BUILD)/lock/bin/pip install --quiet uv==0.13.9; }
	@$(BUILD)/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.10 --custom-compile-command "make lock" \
	  --output-file requirements/dev.txt requirements/test.in requirements/lint.in $(wildcard $(EMULATOR)/pyproject.toml)
	@for each in dist eda; do \
	  $(BUILD)/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.10 --custom-compile-command "make lock" \
	    --output-file requirements/$$each.txt requirements/$$each.in || exit 1; done

clean: ## Remove everything that was made here
	rm -rf .venv .build .ansible .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage tests/output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
