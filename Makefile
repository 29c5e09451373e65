.DEFAULT_GOAL := help
.PHONY: help demo test parts lint faults bench checkpoints venv gpu clean venv-light venv-gpu venv-dev
export PYTHON

RUN := .venv/bin/python -m
# tests of whole systems, which keep real time and would be late with other tests beside them
SYSTEMS := tests/e2e tests/faults

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

demo: venv-light ## set everything up, go on air, say what to open; Ctrl-C stops it all
	@exec $(RUN) demo

test: venv-dev ## set everything up, check and run every test
	@$(MAKE) --no-print-directory -j2 lint parts
	@$(RUN) pytest $(SYSTEMS)

parts: venv-dev ## the tests of all but whole systems, on all cores
	@OMP_NUM_THREADS=1 $(RUN) pytest -n logical --maxprocesses 4 --dist loadfile $(SYSTEMS:%=--ignore=%)

lint: venv-dev ## style and strict types
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) mypy

faults: venv-dev ## kill, freeze and break each part again and again; writes docs/faults.md
	@$(RUN) pytest tests/faults --full -m ''

bench: venv-dev ## measure what a user waits for and what a stream costs
	@missed=0; for bench in latency streamer viseme dispatch; do $(RUN) bench.$$bench || missed=1; done; exit $$missed

checkpoints: venv-light ## fetch the LatentSync 1.0 weights, for GPU workers (several GB)
	@.venv/bin/python -c 'import huggingface_hub' 2>/dev/null || \
		$(RUN) pip install --quiet --disable-pip-version-check -c constraints.txt huggingface-hub
	@$(RUN) latentsync.download

venv: venv-light ## the environment alone, to run processes by hand

gpu: venv-gpu ## the environment of a GPU worker, torch and all

clean: ## delete the environment and all that was made, posted and prepared
	rm -rf .venv var .mypy_cache .pytest_cache .ruff_cache .hypothesis

venv-light venv-gpu venv-dev: venv-%:
	@demo/venv.sh $*
