# The verbs of Custodes. `make` alone lists them. Needs GNU make 3.81 or newer and Python 3.11 or newer.

PYTHON ?= python3
# On two cores: the browser and the real programs wait much of the time.
JOBS   ?= 4
MINUTES ?= 10
BIN    := .venv/bin
READY  := .venv/.ready
CODE   := src tests bench tools
# Which tests share a worker, and which come first, says tests/conftest.py.
SPREAD := --dist loadfile --no-loadscope-reorder

# The suite starts the program some hundred times: without compiled modules each start takes three times as long.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test tested suite coverage lint style types collected format browser faults bench bench-trace eval eval-drive eval-driver eval-health eval-road eval-trace hiding-trace own-trace peers-trace search-trace mutate-policies schema docs pictures lock clean eval-redact

help: ## List the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## Make .venv from the lock file (every other verb does it by itself)
	@echo "custodes: .venv is ready"

$(READY): requirements.lock pyproject.toml tools/setup.sh
	@PYTHON="$(PYTHON)" sh tools/setup.sh

demo: $(READY) ## Start a hub, a van and a home on real film, and print the address
	@$(BIN)/custodes demo

test: $(READY) ## Run every check: lint, types, imports, tests
	@$(MAKE) --no-print-directory style
	@$(MAKE) --no-print-directory -j 2 types tested

# Beside the types, which take one core for less time than the tests wait.
tested: collected browser
	@$(MAKE) --no-print-directory suite

suite: $(READY)
	@$(BIN)/pytest -n $(JOBS) $(SPREAD) --durations=10 $(ARGS)

# Apart from `test`: on Python 3.11 counting lines makes a test of the hub take 1.75 times its CPU time.
coverage: $(READY) browser ## Run the tests and say which lines no test reached
	@$(BIN)/pytest -n $(JOBS) $(SPREAD) --cov --cov-report=term:skip-covered $(ARGS)

# Each worker imports every test, which on a fresh checkout means compiling it; once is enough.
collected: $(READY)
	@said=$$($(BIN)/pytest --collect-only -qq $(ARGS)) || { echo "$$said"; exit 1; }

lint: style types ## Check style, formatting, the direction of imports, and types

style: $(READY)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/lint-imports --no-logo

types: $(READY)
	@$(BIN)/mypy

format: $(READY) ## Format the code and mend what ruff can mend
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

browser: $(READY) ## Find a Chromium for the browser tests, or install one
	@sh tools/chromium.sh

faults: $(READY) ## Kill, cut and restart things, read 100,000 times (an hour); MINUTES=10 of a camera that restarts twice
	@CUSTODES_FAULT_MINUTES=$(MINUTES) $(BIN)/pytest tests/faults tests/access/test_lists.py -m '' -n $(JOBS) $(SPREAD) -rfEP $(ARGS)

bench: $(READY) ## Measure each claim of speed beside its peer; write docs/performance.md
	@$(BIN)/python -m bench.run $(ARGS)

eval: $(READY) ## Judge perception, events and telemetry on labelled film in CUSTODES_DATA; write docs/accuracy.md
	@$(BIN)/python -m bench.evaluate $(if $(CUSTODES_DATA),--data $(CUSTODES_DATA)) $(ARGS)

eval-driver: $(READY) ## Judge the driver lens on labelled film in CUSTODES_DATA; write docs/errors.md
	@$(BIN)/python -m bench.driver_eval $(if $(CUSTODES_DATA),--data $(CUSTODES_DATA)) $(ARGS)

eval-road: $(READY) ## Judge the road lens on a model, and on film and radar in CUSTODES_DATA; write docs/errors.md
	@$(BIN)/python -m bench.road_eval $(if $(CUSTODES_DATA),--data $(CUSTODES_DATA)) $(ARGS)

eval-drive: $(READY) ## Judge driving on labelled drives in CUSTODES_DRIVES, and on a model; write docs/drives.md
	@$(BIN)/python -m bench.drive_eval $(if $(CUSTODES_DRIVES),--drives $(CUSTODES_DRIVES)) $(ARGS)

eval-health: $(READY) ## Judge how covered, moved and blurred lenses are told on film in CUSTODES_DATA; write docs/health.md
	@$(BIN)/python -m bench.health_eval $(if $(CUSTODES_DATA),--data $(CUSTODES_DATA)) $(ARGS)

eval-redact: $(READY) ## Judge what is hidden of people in film that is shared, on film in CUSTODES_DATA; write docs/redaction.md
	@$(BIN)/python -m bench.redact_eval $(if $(CUSTODES_DATA),--data $(CUSTODES_DATA)) $(ARGS)

mutate-policies: $(READY) ## Break each access rule and each refusal of the gate; see that a test notices
	@nice -n 19 $(BIN)/python -m tools.mutate_policies $(ARGS)

bench-trace: $(READY) ## Attack marked film and trace it, the quick form; write docs/tracing.md
	@$(BIN)/python -m tools.leaklab $(ARGS)

eval-trace: $(READY) ## Every attack on every film (long; goes on where it stopped); write docs/tracing.md
	@$(BIN)/python -m tools.leaklab --whole $(ARGS)

# An environment of its own: the peers' pins of OpenCV and torch are not for requirements.lock. No torch: see peer_child.
.venv-peers/.ready: Makefile
	@$(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/pip -q install --no-deps invisible-watermark==0.2.0 blind-watermark==0.4.4 pdqhash==0.2.8
	@.venv-peers/bin/pip -q install numpy==2.4.6 opencv-python-headless==5.0.0.93 PyWavelets==1.9.0 pillow onnxruntime==1.32.0
	@touch $@

peers-trace: $(READY) .venv-peers/.ready ## Attack the marks of peers, and search with pdqhash; `make bench-trace` writes it down
	@$(BIN)/python -m tools.leaklab.peers $(ARGS)

hiding-trace: $(READY) ## Measure how alike marked film looks (SSIM); `make bench-trace` writes it down
	@$(BIN)/python -m tools.leaklab.hiding $(ARGS)

own-trace: $(READY) ## Mix copies of one account, a word a view and a word a day; `make bench-trace` writes it down
	@$(BIN)/python -m tools.leaklab.own_copies $(ARGS)

search-trace: $(READY) ## Find clips among 100, 1,000 and 10,000; `make bench-trace` writes it down
	@$(BIN)/python -m tools.leaklab.search $(ARGS)

schema: $(READY) ## Write hub/schema.sql from the migrations
	@$(BIN)/python tools/schema.py

docs: $(READY) ## Write docs/reference and docs/licences.md from the code
	@$(BIN)/python tools/reference.py
	@$(BIN)/python tools/licences.py

pictures: browser ## Make the README's pictures: the demo's clip page, and the leak desk as its browser test leaves it
	@$(BIN)/python tools/pictures.py
	@CUSTODES_PICTURES=docs/pictures $(BIN)/pytest tests/browser/test_browser_leak.py -q

lock: $(READY) ## Resolve requirements.lock again (UPGRADE=1 takes newer versions)
	@sh tools/lock.sh

clean: ## Remove .venv, caches and what tests and the demo left behind
	rm -rf .venv .venv-peers .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov build dist custodes-demo
	rm -f .coverage .coverage.*
	find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
