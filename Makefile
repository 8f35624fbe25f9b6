# Everything happens in an environment of its own, $(VENV). On a machine with a CUDA device, set TORCH to the build to
# install (see README.md, Installation).
PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
BIN := $(VENV)/bin
QUICKSTART := outputs/quickstart
SAMPLE := data_scripts/sample_data
# Many processes import the same modules: they are compiled once, whatever the machine's environment says.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help install quickstart test test-browser lint format docs benchmarks experiments clean

help:
	@echo "make quickstart  set up, train on the embedded sample, score, show one record's entities"
	@echo "make test        set up, run the tests on all cores"
	@echo "make test-browser the tests of the HTML pages, in Chromium (Debian: installs it, as root)"
	@echo "make lint        ruff"
	@echo "make docs        the documentation as a site, in outputs/docs"
	@echo "make benchmarks  speed of every part against what users would otherwise run, in two minutes"
	@echo "make experiments the paper's tables on the embedded sample, with every system it compares, in about 15 minutes"

install: $(VENV)/.installed

# torch first and by itself: a range would fetch another build with gigabytes of CUDA libraries
$(VENV)/.installed: setup.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

# An interrupted training goes on where it was; a finished one is not repeated.
quickstart: install
	test -f $(QUICKSTART)/all_results.json || $(BIN)/python run_ner.py --dataset_name sample \
		--dictionary $(SAMPLE)/dictionary --output_dir $(QUICKSTART)
	$(BIN)/python -c "import json; r = json.load(open('$(QUICKSTART)/all_results.json')); \
		print('strict F1: development %.4f, test %.4f' % (r['eval_f1'], r['test_f1']))"
	$(BIN)/python run_predict.py --model_name_or_path $(QUICKSTART) --input $(SAMPLE)/test.jsonl --max_records 1 --show

test: install
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -n auto --dist worksteal

test-browser: install
	command -v chromedriver > /dev/null || apt-get install --yes chromium chromium-driver fonts-noto-cjk
	$(BIN)/python -m pip install --quiet --editable ".[browser]"
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -m browser

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: install
	HF_HUB_OFFLINE=1 $(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -d outputs/docs/.doctrees docs outputs/docs

benchmarks: install
	HF_HUB_OFFLINE=1 $(BIN)/python -m benchmarks.speed --quick

experiments: install
	HF_HUB_OFFLINE=1 $(BIN)/python -m experiments run all --preset quick --jobs 2 --output_dir outputs/experiments

clean:
	rm -rf outputs build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
