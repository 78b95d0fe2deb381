# make setup: install. make demo: train, gate, serve, ask. make test: every test, lint, type check.
# STACK=1.21 or STACK=1.16 chooses the stack; without it, what the system can carry.
.PHONY: setup develop demo test quick test-kubeflow lint docs test-debian13 audit lock clean

VENV := .venv
# make test K=name_gender runs the tests of that task alone.
SELECTED := $(if $(K),-k "$(K)")
# A worker needs a core and 4 GB; more than four would wait for the longest task.
WORKERS ?= $(shell n=$$(nproc); echo $$((n < 4 ? n : 4)))
export TF_CPP_MIN_LOG_LEVEL ?= 3

# `make setup` fetches it where there is none.
UV = $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
LOCK = $(UV) pip compile --quiet --generate-hashes --no-emit-index-url \
  --custom-compile-command "make lock" $(UPGRADE)
LOCK_1.16 = $(LOCK) --override requirements/overrides-1.16.txt \
  --python-version 3.10 --python-platform x86_64-manylinux_2_28
LOCK_KFP = $(LOCK) --python-version 3.10 --universal
LOCK_1.21 = $(LOCK) --override requirements/overrides-1.21.txt --python-version 3.12 --universal
AUDIT = pip-audit --strict --progress-spinner off --disable-pip --require-hashes --requirement

# What Lianxi needs.
setup:
	python3 requirements/install.py

# And what tests and linters need.
develop:
	python3 requirements/install.py --develop

demo: setup
	$(VENV)/bin/lianxi run name_gender
	$(VENV)/bin/lianxi predict name_gender 白富美 高帅富 王婷婷 田野

test: lint
	$(VENV)/bin/python -m pytest -n $(WORKERS) $(SELECTED)

quick: lint
	$(VENV)/bin/python -m pytest -n $(WORKERS) -m "not e2e" $(SELECTED)

# Every task in the stand-in for KFP, and two under each of its versions; under an hour on two cores.
test-kubeflow: develop
	$(VENV)/bin/python -m pytest -n 0 -s -m sweep tests/kubeflow

lint: develop
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

# The documentation's site, in build/site; a link that leads nowhere is an error.
docs: develop
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --quiet

# Known holes of both locks, as far as the package index tells of them. Those of the old one that
# cannot be mended are in docs/security.md.
audit: setup
	$(UV) tool run $(AUDIT) requirements/tfx-1.21.txt
	-$(UV) tool run $(AUDIT) requirements/tfx-1.16.txt

# The current stack where the system is too old for it: in a Debian 13 beside it. Needs root.
test-debian13:
	tests/debian13.sh

# A lock for each stack, and beside it what develops, in the same versions. What is locked stays as
# it is where it can; UPGRADE="--upgrade-package NAME" or UPGRADE=--upgrade says what need not.
lock: setup
	$(LOCK_1.16) requirements/lianxi.in requirements/gallery.in requirements/speech.in -o requirements/tfx-1.16.txt
	$(LOCK_1.16) requirements/develop.in -c requirements/tfx-1.16.txt -o requirements/tfx-1.16-develop.txt
	$(LOCK_1.21) requirements/lianxi.in requirements/gallery.in requirements/speech.in -o requirements/tfx-1.21.txt
	$(LOCK_1.21) requirements/develop.in -c requirements/tfx-1.21.txt -o requirements/tfx-1.21-develop.txt
	$(LOCK_KFP) requirements/kfp-newest.in -o requirements/kfp-newest.txt

# What is installed and cached; what runs left goes by `lianxi clean`, which keeps pushed models.
clean:
	rm -rf $(VENV) .uv .pytest_cache .mypy_cache .ruff_cache *.egg-info
