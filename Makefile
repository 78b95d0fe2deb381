# make setup: install. make demo: train, gate, serve, ask. make test: every test, lint, type check.
.PHONY: setup demo test lint quick lock clean

VENV := .venv
STAMP := $(VENV)/.installed
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
# A worker needs a core and 4 GB; more than four would wait for the longest task.
WORKERS ?= $(shell n=$$(nproc); echo $$((n < 4 ? n : 4)))
export TF_CPP_MIN_LOG_LEVEL ?= 3

setup: $(STAMP)

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check uv

# Bytecode is compiled here once: the imports of TensorFlow and TFX take three times as long without.
$(STAMP): requirements.txt pyproject.toml | $(filter .uv/bin/uv,$(UV))
	$(UV) venv --quiet --allow-existing --python "$$(cat .python-version)" $(VENV)
	VIRTUAL_ENV=$(VENV) $(UV) pip sync --require-hashes --compile-bytecode requirements.txt
	VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: setup
	$(VENV)/bin/lianxi run name_gender
	$(VENV)/bin/lianxi predict name_gender 白富美 高帅富 王婷婷 田野

test: setup lint
	$(VENV)/bin/python -m pytest -n $(WORKERS)

quick: setup lint
	$(VENV)/bin/python -m pytest -n $(WORKERS) -m "not e2e"

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

# One lock for each stack, and beside it what develops, in the same versions.
LOCK := $(UV) pip compile --quiet --generate-hashes --no-emit-index-url --custom-compile-command "make lock"
LOCK_1.16 := $(LOCK) --python-version 3.10 --python-platform x86_64-manylinux_2_28
LOCK_1.21 := $(LOCK) --python-version 3.12 --universal
LOCKS := requirements/tfx-1.16 requirements/tfx-1.21

lock: | $(filter .uv/bin/uv,$(UV))
	for stack in 1.16 1.21; do ...
clean:
	rm -rf $(VENV) .uv lianxi_runs .pytest_cache .mypy_cache .ruff_cache *.egg-info
