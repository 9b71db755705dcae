# Each target says what it does; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo test screens web chaos fuzz clients bench bench-web lint lock

BUILT := .venv/.built

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(BUILT) ## build .venv; .venv/bin/imaging-hub is the command
	@:

$(BUILT): requirements.lock pyproject.toml .ci/build-venv
	@bash .ci/build-venv
	@touch $@

demo: setup ## start a hub with a demo site, and send it real studies
	@.venv/bin/imaging-hub demo

test: ## set up and run the whole test suite of the hub; that of its pages is `make web`
	@bash .ci/system-parts & $(MAKE) --no-print-directory setup && wait && bash .ci/tests

screens: setup ## take the pictures of all pages in docs/screens anew, in Chromium
	@bash .ci/system-parts pages
	@.venv/bin/pytest -q -n 0 tests/web/screens.py

web: setup ## build the pages of web/ into viewer_api/static (Node), test them in Chromium
	@bash .ci/web

chaos: setup ## kill the gateway 200 times on each pair of stores, race 50 readers 50 times; see CHAOS_SEED
	@CHAOS_ROUNDS=$${CHAOS_ROUNDS:-200} .venv/bin/pytest -s -v \
	  -k "random_moments or after_each_kill or fifty_readers or no_order_of_events" \
	  tests/failures/test_gateway_killed.py tests/failures/test_stores_away.py tests/worklist

fuzz: setup ## damage ECG files of each kind for FUZZ_SECONDS, 120 by default, and look for a crash
	@.venv/bin/python -W error -m tests.ecg.formats.fuzzing $${FUZZ_SECONDS:-120} $${FUZZ_SEED:-1}

clients: setup ## point others' clients at the hub: dicomweb-client of npm, OHIF in Chromium (50 MB from npm)
	@bash .ci/system-parts clients
	@CLIENTS=all .venv/bin/pytest -v tests/conformance/clients

bench: setup ## measure reading beside Orthanc; BENCH="--help" tells how
	@bash .ci/system-parts bench
	@.venv/bin/python -m bench.reading $(BENCH)

bench-web: setup ## measure the pages beside OHIF on a slow line (50 MB from npm); BENCH="--help" tells how
	@bash .ci/system-parts clients
	@.venv/bin/python -m bench.web $(BENCH)

lint: setup ## check style, types and imports
	@bash .ci/checks

lock: ## make requirements.lock anew from pyproject.toml (needs uv)
	@uv lock
	@uv export --quiet --no-emit-project --all-groups --format requirements-txt --no-header \
	  --output-file requirements.lock
	@rm uv.lock
