"""Study II on a generated audience: what is planted is found, and what is not is not."""

import json
import tomllib

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def film(load):
    return load("film")


def settings_of(film, **generated):
    settings = film.read_settings(quick=True)
    settings["generated"] |= {"n_viewer": 8, "n_solo": 2, "duration": 240.0} | generated
    return settings


def test_moments_are_irregular_and_the_same_for_the_same_seed(film):
    settings = settings_of(film, duration=400.0, n_viewer=2, n_solo=0)
    first, again = (film.generated_study(settings["generated"], 1) for _ in range(2))
    calm = first.epochs["onset"].to_numpy()[1:] - (first.epochs["onset"] + first.epochs["duration"]).to_numpy()[:-1]
    assert np.std(calm) > 3 and (calm >= 6 - 0.01).all()
    assert first.cube.identical(again.cube) and first.presses.equals(again.presses)


def test_presses_follow_the_planted_moments_by_the_planted_delay(film):
    study = film.generated_study(settings_of(film, duration=600.0, n_viewer=3, n_solo=0)["generated"], 2)
    assert 0.5 < film.planted_delay(study) < 2.5
    assert set(study.presses["subject"]) <= set(study.cube["subject"].values)


def test_pairs_are_all_of_a_list_or_all_of_the_mesh(film):
    settings = settings_of(film, duration=60.0, n_viewer=2, n_solo=0)
    study = film.generated_study(settings["generated"], 1)
    assert len(film.pairs_of(study, settings)) == 8 * 7 / 2
    settings["pairs"]["vertices"] = "all"
    assert len(film.pairs_of(study, settings)) == 478 * 477 / 2


def test_the_settings_name_every_vertex_once():
    from pathlib import Path

    path = Path(__file__).resolve().parents[2] / "experiments" / "film" / "settings.toml"
    vertices = tomllib.loads(path.read_text())["pairs"]["vertices"]
    assert len(set(vertices)) == len(vertices) == 24


def test_a_bids_study_gives_its_cube_and_the_presses_of_valid_logs(film, monkeypatch, tmp_path):
    import study as module

    generated = film.generated_study(settings_of(film, duration=60.0, n_viewer=3, n_solo=0)["generated"], 1)
    logs = {"sub-01": (True, 240.0), "sub-02": (False, None), "sub-03": (True, None)}

    def path(root, product, entities):
        found = root / f"{product}-{entities.subject}"
        if product == "cube" or f"sub-{entities.subject}" in logs:
            found.parent.mkdir(parents=True, exist_ok=True)
            found.touch()
        return found

    def sidecar(path):
        valid, stop = logs[f"sub-{path.name.split('-')[1]}"]
        return {"LogValid": valid, "LogStart": 0.0, "LogStop": stop}

    monkeypatch.setattr(module, "derivative_path", path)
    monkeypatch.setattr(module, "load_array", lambda path: generated.cube.assign_coords(space=["x", "y"]))
    monkeypatch.setattr(module, "mean_shape", lambda cube: generated.shape)
    monkeypatch.setattr(module, "read_sidecar", sidecar)
    monkeypatch.setattr(module, "read_table", lambda path: pd.DataFrame({"onset": [5.0, 9.0], "key": "space"}))
    study = module.read_bids_study(tmp_path, "film")
    assert study.logs.values.tolist() == [["sub-01", 0.0, 240.0], ["sub-03", 0.0, np.inf]]
    assert study.presses["subject"].tolist() == ["sub-01", "sub-01", "sub-03", "sub-03"]
    assert np.isnan(module.planted_delay(study))


@pytest.mark.slow
def test_the_planted_relation_is_found_by_the_recommended_analysis_and_none_without_one(film, monkeypatch, tmp_path):
    settings = settings_of(film, n_viewer=10, duration=300.0)
    settings["recommended"]["n_surrogates"] = settings["poster"]["n_surrogates"] = 20
    monkeypatch.setattr(film, "read_settings", lambda quick: settings)
    monkeypatch.setattr("sys.argv", ["run.py", "--out", str(tmp_path)])
    film.main()
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["film/recommended/vertices/p_smallest"] <= 0.05
    assert summary["film/delay/found"] == pytest.approx(summary["film/delay/planted"], abs=1.5)
    assert summary["film/unrelated/p_smallest"] > 0.01
    assert summary["film/recommended/vertices/significant_outside"] < 0.01
    assert (
        summary["film/poster/vertices/significant_outside"] > summary["film/recommended/vertices/significant_outside"]
    )
    table = pd.read_csv(tmp_path / "tables" / "relation.tsv", sep="\t")
    assert set(table["preset"]) == {"poster", "recommended"}
    assert {"fig3_poster.svg", "fig3_recommended.pdf"} <= {path.name for path in (tmp_path / "figures").iterdir()}
