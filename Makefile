# Two commands do everything on a fresh machine with Python >= 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test hil lint types bench equality fuzz power-loss link-sweep wheel-check clean

demo: $(VENV)/.installed
	@$(BIN)/sleeve demo --out out/demo

test: $(VENV)/.dev lint types
	@$(BIN)/pytest -n auto

hil: $(VENV)/.dev
	@$(BIN)/pytest hil

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports

types: $(VENV)/.dev
	@$(BIN)/pyright --warnings
	@$(BIN)/pyright --warnings -p firmware

bench: $(VENV)/.dev
	@$(BIN)/python benchmarks/speed.py
	@$(BIN)/python benchmarks/instructions.py
	@$(BIN)/python benchmarks/accuracy.py
	@$(BIN)/python benchmarks/pull.py
	@$(BIN)/python benchmarks/read_path.py

# every recording of ../shared/data through the engines: about two minutes
equality: $(VENV)/.dev
	@$(BIN)/python benchmarks/equality.py

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12") if sys.version_info < (3, 11) else 0'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing. On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	@echo "setting up $(VENV) (once, about a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml
	@$(BIN)/pip install --quiet --disable-pip-version-check -e .
	@touch $@

# the ESP32 stubs shadow standard modules, so they live beside the environment, where only the firmware's check looks
$(VENV)/.dev: $(VENV)/.installed
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade --target $(VENV)/stubs 'micropython-esp32-stubs==1.29.*'
	@touch $@

clean:
	rm -rf $(VENV) out .pytest_cache .ruff_cache .hypothesis

# hours on a busy machine; FUZZ_RUNS=50000 for a quick look
FUZZ_RUNS ?= 1000000
fuzz: $(VENV)/.dev
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[fuzz]'
	@$(BIN)/python tests/sessions/fuzz_reader.py reader $(FUZZ_RUNS)
	@$(BIN)/python tests/sessions/fuzz_reader.py frames $(FUZZ_RUNS)
	@$(BIN)/python tests/sessions/fuzz_reader.py verify $$(($(FUZZ_RUNS) / 5))

# power cuts at every operation of the flash, in every way, and again in every recovery: 6 minutes a seed
SEEDS ?= 1-3
power-loss: $(VENV)/.dev
	@$(BIN)/python tests/power_loss/sweep.py --seeds $(SEEDS)
	@$(BIN)/python tests/power_loss/sweep_files.py --seeds $(SEEDS)

# pulls over lines with every fault, and with the cable pulled at many places: some 10 minutes
link-sweep: $(VENV)/.dev
	@PYTHONPATH=tests/link $(BIN)/python tests/link/line_sweep.py

# the wheel in an environment of its own, as a user installs it: about a minute, fetches the dependencies
wheel-check: $(VENV)/.dev
	@rm -rf out/wheel && mkdir -p out/wheel
	@$(BIN)/python -m hatchling build -t wheel -d out/wheel
	@$(PYTHON) -m venv out/wheel/env
	@out/wheel/env/bin/pip install --quiet --disable-pip-version-check out/wheel/*.whl
	@cd out/wheel && env/bin/sleeve flash --dry-run --chip esp32 && env/bin/sleeve demo --out demo
