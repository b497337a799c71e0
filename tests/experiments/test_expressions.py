"""The expression study runs whole, explains its keys, and shows the gap between the protocols."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.io.files.sidecars import read_dictionary
from isc.report.results import summary_faults

LABELS = ("happy", "sad", "angry", "fearful", "disgust", "surprised", "neutral")
PROMISED = [
    f"action_units/{labels}/{model}/{split}/accuracy"
    for labels in ("ekman6", "all8")
    for model in ("1nn", "logistic", "svm")
    for split in ("kfold10", "repetition_grouped", "take_grouped", "loso")
]


def table_of(n_subject, labels, kinds, n_repetition):
    """Clip table as coordinates."""
    rows = [
        (f"{s:02d}", label, kind, r)
        for s in range(n_subject)
        for label in labels
        for kind in (kinds if label != "neutral" else kinds[:1])
        for r in range(n_repetition)
    ]
    subject, label, kind, repetition = map(np.array, zip(*rows, strict=True))
    take = np.array([f"{s}-{k}-{d}" for s, k, d, _ in rows])
    columns = {"subject": subject, "label": label, "kind": kind, "take": take}
    columns |= {"item": np.array([f"{t}-{r // 2}" for t, r in zip(take, repetition, strict=True)])}
    columns["hit_rate"] = np.where(kind == "posed", 90.0, 50.0)
    return {"clip": [f"{t}-{r}" for t, r in zip(take, repetition, strict=True)]} | {
        k: ("clip", v) for k, v in columns.items()
    }


@pytest.fixture
def meshes(shape):
    """Four people whose faces differ more than their expressions."""
    coords = table_of(4, LABELS, ("posed", "genuine"), 3)
    rng = np.random.default_rng(0)
    subject, label = (pd.factorize(coords[c][1])[0] for c in ("subject", "label"))
    faces, moves = rng.normal(size=(4, 478, 3)), rng.normal(size=(7, 478, 3))
    noise = rng.normal(size=(subject.size, 478, 3))
    values = shape.values + 0.1 * faces[subject] + 0.01 * moves[label] + 0.01 * noise
    return xr.DataArray(values.astype(np.float32), coords, ("clip", "vertex", "space"))


@pytest.fixture
def units():
    """Eight expressions of five people in 35 numbers."""
    coords = table_of(5, (*LABELS, "calm"), ("posed",), 4)
    rng = np.random.default_rng(1)
    subject, label = (pd.factorize(coords[c][1])[0] for c in ("subject", "label"))
    values = rng.normal(size=(5, 35))[subject] + rng.normal(size=(8, 35))[label] + rng.normal(size=(subject.size, 35))
    return xr.DataArray(values, coords, ("clip", "feature"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:kfold puts", "ignore:Creating legend", "ignore:subject .* has no", "ignore:class ")
def test_the_whole_study_runs_and_its_summary_is_explained(load, monkeypatch, meshes, units, tmp_path):
    module = load("expressions")
    monkeypatch.setattr(module, "action_units", lambda given: units)
    monkeypatch.setattr(module, "generated", lambda *_: meshes)
    monkeypatch.setitem(module.QUICK, "n_permutations", 99)
    monkeypatch.setitem(module.QUICK, "n_refit", 2)
    monkeypatch.setattr("sys.argv", ["run.py", "--out", str(tmp_path), "--data", str(tmp_path), "--quick"])
    module.main()
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert set(PROMISED) <= set(summary)
    assert all(isinstance(value, int | float) for value in summary.values())
    faults = summary_faults(summary, read_dictionary("expressions")["Values"])
    assert faults == []
    gap = summary["generated/published/all/accuracy"] - summary["generated/guarded/all/accuracy"]
    assert summary["generated/gap/all/accuracy"] == pytest.approx(gap)
    assert gap > 0.1
    assert summary["generated/explanation/largest_error"] < 1e-10 * summary["generated/explanation/largest_margin"]
    figures = {path.stem for path in (tmp_path / "figures").glob("*.png")}
    assert {
        "generated_learning",
        "generated_hit_rate",
        "generated_confusion_published",
        "generated_subjects",
    } <= figures
    columns = set(read_dictionary("expression_tables")["Columns"])
    for path in (tmp_path / "tables").glob("*.tsv"):
        header = pd.read_csv(path, sep="\t").columns
        assert set(header) <= columns or path.stem.endswith("_subjects"), path.stem


def test_corpora_that_are_not_there_are_left_out(load, tmp_path, capsys):
    module = load("expressions")
    settings = module.read_settings(quick=True)
    assert list(module.corpora([tmp_path], settings, tmp_path)) == []
    assert "ravdess: no folder ravdess in the data; left out" in capsys.readouterr().out


@pytest.mark.external
@pytest.mark.filterwarnings("ignore:kfold puts")
def test_published_action_units_tell_expressions_of_people_never_seen(load, external_data):
    import isc
    from isc.classification.scores import score_table

    module = load("expressions")
    data = module.action_units(external_data)
    assert dict(data.sizes) == {"clip": 1440, "feature": 35}
    assert set(data.groupby("item").count()["item"].values) == set(data["item"].values)
    six = data.isel(clip=np.flatnonzero(np.isin(data["label"], module.read_settings(quick=True)["labels"])))
    found = {}
    for split in ("kfold", "repetition_grouped", "take_grouped", "leave_one_subject_out"):
        result = isc.cross_validate(six, split=split)
        found[split] = score_table(result, n_bootstrap=10).loc["accuracy", "value"]
    values = list(found.values())
    assert values == sorted(values, reverse=True)  # the more is kept together, the less is recognised
    assert 0.70 < values[0] < 0.82 and 0.45 < values[-1] < 0.55
    assert float(isc.permutation_test(six, n_permutations=999)["p"]) == 0.001
