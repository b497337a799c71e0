"""A short form of benchmarks/relation_calibration.py: errors where there is no relation, power where there is one."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, kstest

import isc

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "relation_calibration.py"
LAG_0 = {"lags": (0.0, 0.0)}


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("relation_calibration", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def smallest_p(benchmark, scenario, n_run, tests, *, n_feature=1):
    """Smallest p (or p_fwe) over the features of every film, one array a test: name -> (column, options)."""
    found = {name: [] for name in tests}
    for run in range(n_run):
        film = benchmark.film(np.random.default_rng([7, run]), scenario, n_feature)
        for name, (column, options) in tests.items():
            found[name].append(float(isc.correlate_with_agreement(*film, **options)[column].min()))
    return {name: np.array(values) for name, values in found.items()}


def largest_count(n_run, rate):
    """Rejections that a test of this rate exceeds once in a thousand times."""
    return binom.isf(0.001, n_run, rate)


TESTS = {
    "shift": ("p", {}),
    "formula": ("p", {**LAG_0, "method": "effective_n"}),
    "naive": ("p", {**LAG_0, "method": "naive"}),
}


@pytest.mark.slow
def test_overlap_of_windows_fools_the_naive_test_and_not_the_others(benchmark):
    p = smallest_p(benchmark, "overlap", 120, TESTS)
    assert kstest(p["shift"], "uniform").pvalue > 0.001
    for name in ("shift", "formula"):
        assert (p[name] <= 0.05).sum() <= largest_count(120, 0.05)
    assert (p["naive"] <= 0.05).sum() > largest_count(120, 0.05)


@pytest.mark.slow
def test_slow_series_fool_the_naive_test_half_of_the_time_and_the_others_hardly(benchmark):
    p = smallest_p(benchmark, "slow-15", 80, TESTS)
    for name in ("shift", "formula"):
        assert (p[name] <= 0.05).sum() <= largest_count(80, 0.08)  # upper end of the intervals in relation.md
    assert 0.3 < (p["naive"] <= 0.05).mean() < 0.65


@pytest.mark.slow
def test_the_maximum_over_features_and_lags_pays_for_the_search(benchmark):
    tests = {"corrected": ("p_fwe", {}), "single": ("p", {})}
    p = smallest_p(benchmark, "overlap", 40, tests, n_feature=8)
    assert (p["corrected"] <= 0.05).sum() <= largest_count(40, 0.05)
    assert (p["single"] <= 0.05).sum() > largest_count(40, 0.05)


@pytest.mark.slow
def test_a_relation_that_is_there_is_found(benchmark):
    p = smallest_p(benchmark, "power", 25, {"shift": ("p", {})})
    assert (p["shift"] <= 0.05).mean() > 0.75
