# One command each. `make` alone prints what there is.

PYTHON ?= python3
REQUIREMENTS ?= envs/requirements.txt
CORES ?= all
RESULTS ?= results
# One environment per requirements file: .venv, .venv-gpu, .venv-jax
VENV := .venv$(patsubst envs/requirements%.txt,%,$(REQUIREMENTS))
DONE := $(VENV)/done
# Relative paths and `python -m`: the folder may be called anything, and may move.
BIN := $(VENV)/bin
STUDY ?=
CHECKPOINT ?=
DATA ?=
BUILDER ?=
SCALED ?=
UV := 0.13.9
SNAKEMAKE := $(BIN)/python -m snakemake --cores $(CORES) $(if $(STUDY),--configfile $(STUDY))
PYTEST := $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder
LOCK := $(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command "make lock"

PURELIB := python -c "import sysconfig; print(sysconfig.get_path('purelib'))"

.DEFAULT_GOAL := help
.PHONY: help speech slurm oldest preview study measure selftest unlock verify report test bench fast fuzz chaos lint format lock clean distclean

help:  ## Print this
	@awk -F ':.*## ' '/^[a-z]+:.*##/ {printf "  make %-10s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  STUDY=workflow/studies/mnist.yaml  another study than the default one"
	@echo "  CORES=4                            cores to use, all by default"
	@echo "  PYTHON=python3.12                  the Python that makes .venv, once"
	@echo "  REQUIREMENTS=envs/requirements-gpu.txt  TensorFlow with CUDA libraries"
	@echo "  REQUIREMENTS=envs/requirements-jax.txt  JAX beside TensorFlow"

preview: $(DONE)  ## Say what would run, and roughly for how long
	@$(BIN)/python workflow/scripts/preview.py --cores $(CORES) \
		$(if $(STUDY),--configfile $(STUDY))

study: $(DONE)  ## Run the study: data, training, measures, tables, charts
	@$(BIN)/python workflow/scripts/check_config.py $(if $(STUDY),--configfile $(STUDY))
	$(SNAKEMAKE)

measure: $(DONE)  ## Measure models of your own: CHECKPOINT=model.keras DATA=data.npz
	@$(if $(and $(CHECKPOINT),$(DATA)),,echo "make measure CHECKPOINT=model.keras DATA=data.npz" \
		"(workflow/docs/checkpoints.md)"; exit 2)
	@$(BIN)/python workflow/scripts/measure.py --cores $(CORES) \
		--checkpoint $(CHECKPOINT) --data $(DATA) $(if $(BUILDER),--builder $(BUILDER)) \
		$(if $(SCALED),--scaled $(SCALED)) $(if $(STUDY),--configfile $(STUDY))

unlock: $(DONE)  ## Unlock the folder after a run that was killed on another machine
	$(SNAKEMAKE) --unlock
	rm -rf .snakemake/runs

verify: $(DONE)  ## Say which results are damaged, missing or outdated
	@$(BIN)/python workflow/scripts/check_config.py $(if $(STUDY),--configfile $(STUDY))
	@$(BIN)/python workflow/scripts/verify.py $(if $(STUDY),--configfile $(STUDY))

selftest: $(DONE)  ## Compare the measures with closed forms
	$(BIN)/python workflow/scripts/selftest.py

speech: $(DONE)  ## Install what dataset ru-speech needs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement envs/requirements-speech.txt

slurm: $(DONE)  ## Install what profiles/slurm needs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement envs/requirements-slurm.txt

oldest: $(DONE)  ## Install the oldest Snakemake that will do, for the tests
	$(BIN)/python -m venv --without-pip .venv-oldest
	$(BIN)/python -m pip --python .venv-oldest install --quiet --disable-pip-version-check \
		--no-deps --require-hashes --requirement envs/requirements-oldest.txt
	@# All else comes from $(VENV).
	$(BIN)/$(PURELIB) > $$(.venv-oldest/bin/$(PURELIB))/others.pth

report: study  ## Bundle the study's results into report.zip
	$(SNAKEMAKE) --report report.zip

test: $(DONE)  ## Run all tests; those that compute on JAX as well, if it is installed
	$(PYTEST)
	@if $(BIN)/python -c "import importlib.util as u; exit(not u.find_spec('jax'))"; then \
		KERAS_BACKEND=jax $(PYTEST) -m computes tests/unit; \
	else \
		echo "Not tested on JAX: make test REQUIREMENTS=envs/requirements-jax.txt"; \
		test -z "$$CI"; \
	fi

bench: $(DONE)  ## Time the project against plain Keras, on an idle machine
	PYTHONPATH=workflow/scripts:tests $(BIN)/python tests/bench/bench.py \
		$(if $(filter-out all,$(CORES)),--cores $(CORES))

fast: $(DONE)  ## Run the tests that take seconds
	$(BIN)/python -m pytest -m "not slow" tests/unit

fuzz: $(DONE)  ## Damage data files in new ways, for a quarter of an hour
	HYPOTHESIS_PROFILE=fuzz $(PYTEST) tests/unit/data/test_fuzz.py

chaos: $(DONE)  ## Kill a study at twenty random moments, and compare what it ends with
	PYTHONPATH=workflow/scripts:tests $(BIN)/python tests/chaos.py --kills 20
	PYTHONPATH=workflow/scripts:tests $(BIN)/python tests/chaos.py --kills 10 --rule measure

lint: $(DONE)  ## Check style and workflow
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m snakefmt --check Snakefile workflow
	$(BIN)/python -m snakemake --lint

format: $(DONE)  ## Put style right
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .
	$(BIN)/python -m snakefmt Snakefile workflow

lock: $(DONE)  ## Pin what envs/requirements*.in ask for
	$(BIN)/python -m pip install --quiet uv==$(UV)
	$(LOCK) envs/requirements.in --output-file envs/requirements.txt
	$(LOCK) envs/requirements-gpu.in --output-file envs/requirements-gpu.txt \
		--no-emit-package tensorflow-cpu
	$(LOCK) envs/requirements-speech.in --output-file envs/requirements-speech.txt
	$(LOCK) envs/requirements-slurm.in --output-file envs/requirements-slurm.txt
	$(LOCK) --no-deps envs/requirements-oldest.in \
		--output-file envs/requirements-oldest.txt
	$(LOCK) envs/requirements-jax.in --output-file envs/requirements-jax.txt

clean:  ## Delete what is made in minutes: tables, charts, report, logs
	rm -rf report.zip .pytest_cache .ruff_cache
	rm -f "$(RESULTS)"/tables/*.* "$(RESULTS)"/charts/*.*
	find "$(RESULTS)" -type f \( -path "$(RESULTS)/logs/*.log" \
		-o -path "$(RESULTS)/benchmarks/*.tsv" \) -delete 2>/dev/null || true

distclean:  ## Delete results with all checkpoints, and .venv, after asking
	@printf "Delete results/ with all checkpoints, .snakemake/ and .venv/? [y/N] "; \
	read answer; [ "$$answer" = y ] && rm -rf results .snakemake $(VENV) $(VENV).lock report.zip \
		|| echo "Nothing deleted."

$(DONE): $(REQUIREMENTS) envs/check_python.py
	@"$(PYTHON)" envs/check_python.py
	@"$(PYTHON)" envs/make_environment.py $(VENV) $(REQUIREMENTS)
