"""The experiment on six observers: its numbers against plain numpy, its files, and the data as published."""

import json

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.external


def plain_leave_one_out(folder):
    """Correlation of each observer's count of active episodes with the mean of the others, by loops."""
    counts = []
    for number in range(1, 7):
        table = pd.read_csv(folder / f"av1o0{number}.csv")
        counts.append([((table["start"] <= t) & (t < table["end"])).sum() for t in range(7085)])
    counts = np.array(counts, dtype=float)
    return [np.corrcoef(counts[k], np.delete(counts, k, axis=0).mean(axis=0))[0, 1] for k in range(6)]


def test_each_observer_with_the_mean_of_the_others_is_what_plain_numpy_gives(load, external_data):
    module, folder = load("forrest"), external_data / "ratings_studyforrest"
    each = module.leave_one_out(module.active_episodes(module.read_observers(folder)))
    assert each.values == pytest.approx(plain_leave_one_out(folder), abs=1e-5)


@pytest.mark.slow
def test_the_experiment_writes_what_the_dictionary_explains(run_quick, external_data, monkeypatch):
    monkeypatch.setenv("ISC_DATA", str(external_data))
    with pytest.warns(UserWarning, match="6 observers"):
        module, out = run_quick("forrest")
    summary = json.loads((out / "summary.json").read_text())
    assert summary["forrest/loo_r/mean"] == pytest.approx(
        np.mean([summary[f"forrest/loo_r/{name}"] for name in module.OBSERVERS])
    )
    assert summary["forrest/loo_r/p"] == pytest.approx(1 / 101)
    assert {path.suffix for path in (out / "figures").iterdir()} == {".svg", ".pdf"}
    relation = pd.read_csv(out / "tables" / "relation.tsv", sep="\t").set_index("property")
    assert relation.loc["scenes", "p_fwe"] < 0.05 < relation.loc["night", "p_fwe"]
    assert relation.loc["night", "p_naive"] < 0.05  # what the naive test would have claimed
