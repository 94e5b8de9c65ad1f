# One target per thing a person does; each calls the command line. `make help` lists them.
SITE ?=
# More words for the command, such as ARGS=--yes
ARGS ?=
PYTHON ?= python3
BASCULE := .venv/bin/bascule
.DEFAULT_GOAL := help

.PHONY: help setup demo test test-faults test-browser fixtures bench lint audit preflight adopt synth plan review diff apply cutover verify rollback log status lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##/\1:/p' $(MAKEFILE_LIST)

setup: .venv/ready  ## create .venv, install, warm the bindings (some two minutes, once)

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("bascule needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	@echo "installing what requirements.lock names, about 700 MB"
	.venv/bin/pip install --quiet --disable-pip-version-check --no-compile --require-hashes --requirement requirements.lock
	.venv/bin/pip install --quiet --disable-pip-version-check --no-compile --no-deps --no-build-isolation --editable .
	@echo "warming the bindings, once"
	.venv/bin/python -m modules.cdk
	@touch $@

demo: setup  ## the whole ladder, up and down, in the sandbox: no AWS account needed
	$(BASCULE) demo

test: setup  ## all tests but the long fault runs
	.venv/bin/pytest -n 5 --dist loadfile

test-faults: setup  ## the long fault runs
	.venv/bin/pytest -n 4 --dist loadfile -m faults

test-browser: setup  ## the review's page in headless Chromium
	.venv/bin/pytest -m browser tests/browser

fixtures: setup  ## make tests/plans anew, with real Terraform in the sandbox
	.venv/bin/python tests/support/plan_fixtures.py

bench: setup  ## what synthesis, start-up, review and audit cost, side by side
	.venv/bin/python bench/bench.py
	.venv/bin/python bench/audit.py

lint: setup  ## lint, format and types
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

audit: setup  ## what the account holds, which ways are open, what there is to do
	$(BASCULE) audit $(SITE) $(ARGS)

preflight: setup  ## what would stop the move
	$(BASCULE) preflight $(SITE) $(ARGS)

adopt: setup  ## read what is live into imports/SITE/
	$(BASCULE) adopt $(SITE) $(ARGS)

synth: setup  ## write Terraform JSON, and the HCL that reviewers read
	$(BASCULE) synth $(SITE) $(ARGS)

plan: setup  ## plan the next step
	$(BASCULE) plan $(SITE) $(ARGS)

review: setup  ## show the review of the saved plan
	$(BASCULE) review $(SITE) $(ARGS)

diff: setup  ## what changed in the HCL since main
	$(BASCULE) diff $(SITE) $(ARGS)

apply: setup  ## go to the stage that the site file asks for
	$(BASCULE) apply $(SITE) $(ARGS)

cutover: setup  ## move the site rung by rung, verify, and go back if need be
	$(BASCULE) cutover $(SITE) $(ARGS)

verify: setup  ## ask the real site what visitors ask it
	$(BASCULE) verify $(SITE) $(ARGS)

rollback: setup  ## send visitors back to the bucket
	$(BASCULE) rollback $(SITE) $(ARGS)

log: setup  ## who did what when
	$(BASCULE) log $(SITE) $(ARGS)

status: setup  ## rung wanted, rung reached, account, last plan
	$(BASCULE) status $(SITE) $(ARGS)

lock: setup  ## resolve the dependencies anew into requirements.lock
	$(PYTHON) -m venv .bascule/lock
	.bascule/lock/bin/pip install --quiet uv
	.bascule/lock/bin/uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
	  --generate-hashes --quiet --upgrade --custom-compile-command "make lock" --output-file requirements.lock

clean:  ## remove what can be made again
	@unsaved=$$(find cdktf.out -name errored.tfstate 2>/dev/null); test -z "$$unsaved" || \
	  { echo "not cleaning: the only copy of a state lies in $$unsaved; save it first, see there"; exit 1; }
	rm -rf .venv .gen cdktf.out .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find .bascule -mindepth 1 -maxdepth 1 ! -name journal ! -name way-back -exec rm -rf {} + 2>/dev/null || true
