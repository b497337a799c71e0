"""Experiments are scripts: load one from its folder."""

import importlib.util
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "experiments"


@pytest.fixture
def load(monkeypatch):
    """Load the run.py of an experiment as a module; modules beside it can be imported while the test runs."""

    def load(name):
        for path in FOLDER.glob("*/*.py"):  # two experiments may have a module of one name beside them
            monkeypatch.delitem(sys.modules, path.stem, raising=False)
        monkeypatch.syspath_prepend(str(FOLDER / name))
        spec = importlib.util.spec_from_file_location(f"experiment_{name}", FOLDER / name / "run.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def run_quick(load, monkeypatch, tmp_path):
    """Run an experiment with --quick (and more words) into a folder of its own; gives module and folder."""

    def run(name, *words):
        module = load(name)
        monkeypatch.setattr("sys.argv", ["run.py", "--out", str(tmp_path), "--quick", *map(str, words)])
        module.main()
        return module, tmp_path

    return run
