"""Systems are compared on the same clips by the scores of isc.classification; nobody sees the test labels."""

import numpy as np
import pytest
import xarray as xr

import isc
from isc.networks.comparison import SYSTEMS, cross_validate_system, register, validation_subjects


@pytest.fixture
def corpus():
    """Six subjects, three labels, two clips each; feature x is the class with noise."""
    subject = np.repeat([f"{n:02d}" for n in range(6)], 6)
    code = np.tile([0, 0, 1, 1, 2, 2], 6)
    x = np.random.default_rng(0).normal(code, 0.2)
    coords = {"clip": [f"c{n}" for n in range(36)], "subject": ("clip", subject)}
    coords |= {"label": ("clip", np.array(["a", "b", "c"])[code]), "take": ("clip", np.char.add(subject, "abc"))}
    coords["take"] = ("clip", [f"{s}-{c}" for s, c in zip(subject, code, strict=True)])
    return xr.Dataset({"x": ("clip", x)}, coords)


def nearest_mean(fold):
    x = fold.corpus["x"].values
    means = [x[fold.train][fold.codes[fold.train] == c].mean() for c in range(len(fold.classes))]
    return np.exp(-np.abs(x[fold.test, None] - np.array(means)))


def test_a_system_is_scored_like_any_other_model(corpus):
    result = cross_validate_system(corpus, nearest_mean)
    features = xr.DataArray(corpus["x"].values[:, None], dims=("clip", "feature"), coords=corpus.coords)
    other = isc.cross_validate(features, model="1nn")
    assert isc.compare_models(result, other).attrs["n_subject"] == 6
    assert (result["predicted"] == result["label"]).mean() > 0.9
    assert result.attrs["model"] == "nearest_mean" and result["probability"].shape == (1, 36, 3)


def test_a_fold_hides_the_test_labels_and_divides_people(corpus):
    folds = []

    def spy(fold):
        folds.append(fold)
        return np.full((len(fold.test), 3), 1 / 3)

    cross_validate_system(corpus, spy, seed=4)
    assert len(folds) == 6
    for fold in folds:
        people = [set(corpus["subject"].values[rows]) for rows in (fold.train, fold.validation, fold.test)]
        assert (
            [len(p) for p in people] == [4, 1, 1]
            and not people[0] & people[1]
            and not people[2] & (people[0] | people[1])
        )
        assert (fold.codes[fold.test] == -1).all() and (fold.codes[fold.train] >= 0).all()
    assert len({fold.corpus["subject"].values[fold.validation][0] for fold in folds}) > 1


def test_validation_subjects_are_a_fifth_and_the_same_for_the_same_seed(corpus):
    clips = corpus["x"].to_dataframe().reset_index()
    first, again = (validation_subjects(clips, np.arange(36), seed=2) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert sorted(np.concatenate(first)) == list(range(36))
    with pytest.raises(ValueError, match="the training clips are of one subject"):
        validation_subjects(clips, np.arange(6))


def test_registered_systems_are_found_by_name_and_a_name_is_given_once(corpus, monkeypatch):
    monkeypatch.setattr("isc.networks.comparison.MODULES", ())
    register("mean")(nearest_mean)
    try:
        assert cross_validate_system(corpus, "mean").attrs["model"] == "mean"
        assert register("mean")(nearest_mean) is nearest_mean
        with pytest.raises(ValueError, match="there is a system 'mean' already"):
            register("mean")(lambda fold: None)
    finally:
        del SYSTEMS["mean"]
    with pytest.raises(ValueError, match="system 'mean' is not registered"):
        cross_validate_system(corpus, "mean")


@pytest.mark.parametrize(
    ("said", "message"),
    [(np.zeros((6, 2)), r"shape \(6, 3\); this one gave \(6, 2\)"), (np.full((6, 3), np.nan), "not finite")],
)
def test_a_system_that_gives_no_probabilities_is_refused(corpus, said, message):
    with pytest.raises(ValueError, match=message):
        cross_validate_system(corpus, lambda fold: said)


def test_every_fold_has_a_folder_and_the_progress_of_its_own(corpus, tmp_path):
    folders = []

    def spy(fold):
        folders.append(fold.folder.name)
        fold.progress("x", 1, 1)
        return np.full((len(fold.test), 3), 1 / 3)

    told = []
    cross_validate_system(corpus, spy, folder=tmp_path, progress=lambda *state: told.append(state))
    assert folders == [f"without-{n:02d}" for n in range(6)] and len(told) == 6
