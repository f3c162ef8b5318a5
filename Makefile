# Each target makes what it needs: `make study` and `make test` work in a fresh clone with Python 3.11+ alone.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: study test slow bench lint clean

study: $(VENV)/installed
	$(BIN)/python main.py --out outputs

test: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	sh scripts/run_tests.sh $(BIN)/python

slow: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m slow

# Some hours; `make bench BENCH=--quick` in minutes. See benchmarks/README.md.
bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.run $(BENCH)

clean:
	rm -rf $(VENV) outputs .coverage* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

# The default shell's `python3 -m venv` needs ensurepip, which some systems leave out of the base install.
$(VENV)/pip:
	$(PYTHON) -c 'import sys; sys.exit("genreglm needs Python 3.11 or newer; found " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed: install your system's python3-venv package, then try again"; exit 1; }
	touch $@

$(VENV)/installed: $(VENV)/pip pyproject.toml
	$(BIN)/python -m pip install --quiet -e .
	touch $@

$(VENV)/installed-dev: $(VENV)/pip pyproject.toml
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@
