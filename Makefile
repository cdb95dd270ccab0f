# Two commands are all a newcomer needs: `make run` and `make test`. Both make .venv first, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run demo test check format bench bench-policy soak docs clean

run: $(STAMP)
	$(BIN)/yett up examples/petstore/template.yaml

demo: $(STAMP)
	$(BIN)/python examples/petstore/demo.py

test: $(STAMP)
	$(BIN)/pytest -n auto

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(STAMP)
	$(BIN)/python docs/generate.py

bench: $(STAMP)
	$(BIN)/python -m bench.run

bench-policy: $(STAMP)
	$(BIN)/python -m bench.micro --only policy --name policy

# Ten minutes. A longer one: make soak SOAK="--seconds 28800 --rate 100 --workers 2 --redis --postgresql".
SOAK ?= --seconds 600
soak: $(STAMP)
	$(BIN)/python -m tests.soak.soak $(SOAK)

clean:
	rm -rf $(VENV) .yett

# Editable, with the compiled twins (*.pyx) built beside their modules where there is a compiler.
# pip is asked quietly: what it would print is no news. constraints.txt pins everything that is installed.
$(STAMP): pyproject.toml constraints.txt setup.py $(wildcard src/yett/*/*.p[xy][xd] src/yett/*/*/*.p[xy][xd])
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "yett needs Python 3.11 or newer; $(PYTHON) is older, or is not there. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "setting up $(VENV) (once, about a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@
