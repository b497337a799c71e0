"""What a study will cost, before there is one."""

import pytest

import isc
from isc.stages.plan.cost import Step, cost_words, estimate_cost
from isc.study import Behaviour, Extraction, Null, Study, Tisc

FILM = {"n_subject": 21, "duration": 1200.0}


def hours(cost, step, features=""):
    return float(cost[(cost.step == step) & (cost.features == features)].cpu_hours.iloc[0])


def test_every_long_step_has_a_row():
    cost = isc.estimate_cost(Study(), **FILM)
    schemes = ["circular_shift", "sign_flip", "timepoint_shuffle"]
    assert cost["step"].tolist() == ["tracking", *2 * ["t-ISC", *schemes, "relation"]]
    assert (cost[["cpu_hours", "read_gb", "memory_gb"]] > 0).all(axis=None)


def test_settings_count():
    base = estimate_cost(Study(), **FILM)
    more = estimate_cost(Study(null=Null(n_surrogates=2000)), **FILM)
    assert hours(more, "circular_shift", "vertices") == pytest.approx(2 * hours(base, "circular_shift", "vertices"))
    half = estimate_cost(Study(extraction=Extraction(every=2)), **FILM)
    assert hours(half, "tracking") == pytest.approx(hours(base, "tracking") / 2)
    assert hours(half, "t-ISC", "vertices") == pytest.approx(hours(base, "t-ISC", "vertices") / 2)
    wide = estimate_cost(Study(behaviour=Behaviour(lags=(0, 30))), **FILM)
    assert hours(wide, "relation", "pairs") > 5 * hours(base, "relation", "pairs")
    none = estimate_cost(Study(tisc=Tisc(pairs=())), **FILM)
    assert "pairs" not in set(none["features"])


def test_all_pairs_and_the_cores_of_a_machine():
    base, many = estimate_cost(Study(), **FILM), estimate_cost(Study(), **FILM, n_pair=109_278, n_cores=32)
    ratio = hours(many, "circular_shift", "pairs") / hours(base, "circular_shift", "pairs")
    assert ratio == pytest.approx(109_278 / len(Study().tisc.pairs))
    assert (many["memory_gb"].iloc[1:3] - base["memory_gb"].iloc[1:3] > 5).all()
    cube_gb = 21 * 36_000 * 478 * 3 * 4 / 1e9
    assert base.set_index(["step", "features"]).loc[("t-ISC", "vertices"), "read_gb"] == pytest.approx(cube_gb)


@pytest.mark.parametrize("name", ["n_subject", "duration", "frame_rate", "n_cores"])
def test_sizes_must_be_positive(name):
    with pytest.raises(ValueError, match=f"{name} must be a positive number; given 0"):
        estimate_cost(Study(), **{**FILM, name: 0})


def test_no_step_has_no_cost():
    assert cost_words([], n_cores=2) == ""
    assert "about 30 min on 4 cores" in cost_words([Step("tracking", "", 7200.0, 0.0)], n_cores=4)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.003, "< 1 s"),
        (11.2, "11 s"),
        (90, "90 s"),
        (150, "2.5 min"),
        (5400, "90 min"),
        (9000, "2.5 h"),
        (4e5, "4.6 days"),
    ],
)
def test_times_are_told_in_the_unit_that_people_use(seconds, words):
    assert cost_words([Step("tracking", "", seconds, 0.0)], n_cores=1).startswith(f"cost: {words} of CPU time")
