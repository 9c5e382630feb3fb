# make run | space | label-studio | backend | loop-demo | setup | test | test-fast | test-slow | check | docs | weights
SHELL := /bin/bash
HOST ?= localhost
PORT ?= 8501
PYTHON ?= python3
PY := .venv/bin/python
LABEL_STUDIO_PORT ?= 8080
# `make setup PINNED=yes` installs the versions that the tests last passed with.
PINNED ?=
PINS := $(if $(PINNED),--constraint constraints.txt)

.PHONY: run space setup label-studio backend loop-demo label-studio-env test test-fast test-slow test-tools check constraints docs weights

run: .venv/installed
	@$(PY) -m core.system.port $(HOST) $(PORT) PORT
	@$(PY) -m streamlit run app.py --server.address $(HOST) --server.port $(PORT)

# The Gradio face, on its own port.
space: export PORT := $(if $(filter file default undefined,$(origin PORT)),7860,$(PORT))
space: export HOST := $(HOST)
space: .venv/installed
	@$(PY) space.py

setup: .venv/installed

# The stamp is older than requirements.txt only when something must be installed, so a second run starts at once.
.venv/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python " + sys.version.split()[0] + " found, 3.11 or newer expected: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --upgrade pip
	$(PY) -m pip install --quiet $(PINS) torch==2.13.0
	$(PY) -m pip install --quiet $(PINS) -r requirements.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	$(PY) -m pip install --quiet $(PINS) -r requirements-dev.txt
	@touch $@

# The versions in .venv, without addresses or builds: what `make setup PINNED=yes` gives.
constraints: .venv/installed-dev
	@{ echo '# Written by `make constraints`: the versions that the tests last passed with. Used by `make setup PINNED=yes`.'; \
	  $(PY) -m pip list --format=freeze --exclude pip --exclude setuptools --exclude wheel --exclude osteolens | sed 's/+.*//'; } > constraints.txt

# The real Label Studio in an environment of its own: started on loopback, connected to the workbench, ended by Ctrl-C.
label-studio: .venv/installed .venv-label-studio/installed
	@$(PY) -m annotation.server --port $(LABEL_STUDIO_PORT)

# What answers while a reader works in Label Studio: its machine-learning backend, on its own port.
backend: export PORT := $(if $(filter file default undefined,$(origin PORT)),9090,$(PORT))
backend: export HOST := $(HOST)
backend: .venv/installed
	@$(PY) -m backend

# The whole loop on virtual patients, from films to a model that learned from answers, in runs/loop-demo: five minutes of processor time.
loop-demo: .venv/installed .venv-label-studio/installed
	@$(PY) -m bench.loop_demo

label-studio-env: .venv-label-studio/installed

.venv-label-studio/installed: requirements-label-studio.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python " + sys.version.split()[0] + " found, 3.11 or newer expected: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv-label-studio
	.venv-label-studio/bin/python -m pip install --quiet --upgrade pip
	.venv-label-studio/bin/python -m pip install --quiet -r requirements-label-studio.txt
	@touch $@

# What tests need of the system: a browser, and a checker of DICOM files. Without them their tests skip by name.
test-tools:
	@if ! command -v chromium >/dev/null || ! command -v dciodvfy >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium dicom3tools >/dev/null; \
	  else echo "chromium or dicom3tools is missing: install both (Debian: apt-get install chromium dicom3tools), or their tests are skipped"; fi; fi

check: .venv/installed-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

test: .venv/installed-dev label-studio-env test-tools check
	$(PY) -m pytest -m "not slow" -n 2 --dist loadgroup

# The unit tier: no network trained, no server, no browser.
FAST := tests/annotation tests/core tests/evidence tests/present tests/project tests/spaces/test_room.py tests/test_imports.py
test-fast: .venv/installed-dev
	OMP_NUM_THREADS=1 $(PY) -m pytest -m "not slow and not e2e" -n 2 --dist loadgroup $(FAST)

# Training to a figure, and the whole fuzzed corpus: an hour or more.
test-slow: .venv/installed-dev
	$(PY) -m pytest -m slow

# The site in build/site. Strict: a broken link, an unknown anchor or a page out of date stops it.
docs: .venv/installed-dev
	$(PY) -m tests.project.reference
	$(PY) -m mkdocs build --strict --quiet

# Every bundle that ships, from nothing, into a folder of their own, and the pages of evidence: some hours on two cores.
# Virtual patients need nothing; the knee bundle needs its films and first weights (setting OSTEOLENS_DATA).
WEIGHTS ?= runs/weights
DATA ?= $(or $(OSTEOLENS_DATA),../shared/data)
weights: export OSTEOLENS_WEIGHTS = $(abspath $(WEIGHTS))
weights: .venv/installed
	for recipe in hip_finder knee_finder hip_regions hip_vit hip_bmd spine_vertex view; do \
	  $(PY) cli.py train $$recipe --data virtual --preset demo --workers 2 --out runs/make/$$recipe && \
	  $(PY) cli.py models promote runs/make/$$recipe/bundles/$$recipe/* || exit 1; \
	done
	$(PY) -m bench.finder
	for recipe in hip_regions hip_vit hip_bmd spine_vertex view; do \
	  $(PY) cli.py evaluate $$recipe --data virtual --workers 2 --out docs/evidence || exit 1; \
	done
	if [ -f $(DATA)/knee_qus/manifest.csv ]; then \
	  $(PY) cli.py train knee_resnet --data $(DATA)/knee_qus/manifest.csv --preset demo --out runs/make/knee_resnet \
	    --init mobilenet_v2=$(DATA)/weights/mobilenet_v2_imagenet.safetensors \
	    --learned-from "AP knee films labelled by heel ultrasound (Wani and Arora, Mendeley Data fxjm8fb6mw, CC BY 4.0)" && \
	  $(PY) -m bench.knees_found && \
	  $(PY) -m bench.knee_comparison --card runs/make/knee_resnet/bundles/knee_resnet/* && \
	  $(PY) cli.py models promote runs/make/knee_resnet/bundles/knee_resnet/*; \
	else echo "no knee films at $(DATA)/knee_qus: the knee bundle is left out"; fi
