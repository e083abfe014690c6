# Every target sets up .venv by itself; once it is there and pyproject.toml is unchanged, that takes no time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Where it is set, every worker and every process that a test starts would compile all modules anew: 6 s each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo train-demo test check fmt clean setup

demo: setup
	$(BIN)/stigmergy demo --out demo.json

train-demo: setup
	$(BIN)/stigmergy train-demo --out train-demo.json

test: setup
	$(BIN)/python -m pytest -q

# Two workers on two cores: with more threads each, the matrix libraries of both wait for one another.
check: export OMP_NUM_THREADS := 1
check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n 2 tests/unit tests/contracts tests/architecture

fmt: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo.json train-demo.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(STAMP)
