"""The style system learns from neutral faces of training people alone, and recognises people never seen."""

import numpy as np
import pytest
import xarray as xr

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.networks import VGG, Recipe, SubjectParts, build, cross_validate_system, fusion  # noqa: E402
from isc.networks.crops import _spread  # noqa: E402
from isc.networks.fusion import flat_meshes, fuse, learn_style, nearest_crops, own_neutral, static_features  # noqa: E402
from isc.networks.style import FusionModel, StyleExtractor  # noqa: E402

LABELS = ("happy", "neutral", "sad")
ADAM = {"optimizer": "adam", "weight_decay": 0.0, "validate_every": 20}
SHORT = Recipe(n_iterations=200, learning_rates={"": 5e-3}, **ADAM)
FIRST = Recipe(n_iterations=4, learning_rates={"": 1e-3}, **ADAM)


@pytest.fixture
def corpus():
    """Five people, four clips of three labels: own shape, and vertices that an expression moves as time goes on."""
    rng = np.random.default_rng(0)
    rows = [(who, label) for who in "12345" for label in LABELS for _ in range(4)]
    subject, label = (np.array(column) for column in zip(*rows, strict=True))
    own = {who: rng.normal(0, 0.03, (10, 3)) for who in "12345"}
    moved = dict(zip(LABELS, np.array([[0.3], [0.0], [-0.3]]), strict=True))
    grows = np.linspace(0, 1, 6)[:, None, None]
    meshes = np.stack([own[who] + grows * moved[what] for who, what in rows]) + rng.normal(0, 0.01, (60, 6, 10, 3))
    coords = {"clip": [f"c{n}" for n in range(60)], "subject": ("clip", subject), "label": ("clip", label)}
    variables = {
        "crop": (("clip", "frame", "row", "column", "channel"), rng.integers(0, 255, (60, 1, 16, 16, 3), np.uint8)),
        "sequence": (("clip", "time", "vertex", "space"), meshes.astype(np.float32)),
    }
    return xr.Dataset(variables, coords)


@pytest.fixture
def parts(corpus):
    subject = corpus["subject"].values
    return SubjectParts(*(np.flatnonzero(np.isin(subject, list(who))) for who in ("123", "4", "5")))


@pytest.fixture
def short(monkeypatch):
    """Trainings of seconds."""
    monkeypatch.setattr(fusion, "VGG_RECIPE", FIRST)
    monkeypatch.setattr(fusion, "STYLE", Recipe(**SHORT.settings() | {"criterion": "error"}))
    monkeypatch.setattr(fusion, "FUSION", SHORT)


def codes_of(corpus):
    return np.array([LABELS.index(label) for label in corpus["label"].values])


@pytest.fixture
def one_fold(corpus):
    """Person 5 is tested, the others never are."""
    fold = np.where(corpus["subject"].values == "5", 0, -1)[None]
    return xr.DataArray(fold, dims=("repeat", "clip"), attrs={"split": "one person", "group": "subject"})


def test_somebody_never_seen_is_recognised_and_a_second_call_changes_nothing(corpus, one_fold, short, tmp_path):
    first, again = (cross_validate_system(corpus, "style_fusion", split=one_fold, folder=tmp_path) for _ in range(2))
    tested = first["subject"] == "5"
    assert float((first["predicted"] == first["label"])[0, tested.values].mean()) > 0.9
    assert np.array_equal(first["probability"], again["probability"], equal_nan=True)
    found = sorted(str(path.parent.relative_to(tmp_path)) for path in tmp_path.rglob("run.json"))
    assert found == [f"without-5/{stage}" for stage in ("fusion", "static", "style")]


def test_the_labels_of_who_is_tested_do_not_matter(corpus, one_fold, monkeypatch):
    """Neither do they say which of their clips is the neutral one."""
    for name, criterion in (("VGG_RECIPE", "abaw"), ("STYLE", "error"), ("FUSION", "abaw")):
        monkeypatch.setattr(fusion, name, Recipe(**FIRST.settings() | {"criterion": criterion}))
    other = corpus.assign_coords(label=("clip", np.where(corpus["subject"] == "5", "sad", corpus["label"])))
    said = [cross_validate_system(of, "style_fusion", split=one_fold)["probability"] for of in (corpus, other)]
    assert np.array_equal(*said, equal_nan=True) and np.isfinite(said[0]).any()


def test_somebody_without_a_neutral_clip_is_named(corpus, short):
    shown = ~((corpus["subject"] == "3") & (corpus["label"] == "neutral"))
    with pytest.raises(ValueError, match="a clip of class 'neutral' of everybody; subject 3 has none .1 such people."):
        cross_validate_system(corpus.isel(clip=shown.values), "style_fusion")
    others = corpus.isel(clip=(corpus["label"] != "neutral").values)
    with pytest.raises(ValueError, match="subject 2 has none .4 such people."):
        cross_validate_system(others, "style_fusion")


def test_meshes_are_tenths_less_the_mean_of_training_clips(corpus):
    flat = flat_meshes(corpus, np.arange(12))
    assert flat.shape == (60, 6, 30) and flat[:12].mean(axis=(0, 1)) == pytest.approx(np.zeros(30), abs=1e-5)
    gap = (corpus["sequence"][40, 2] - corpus["sequence"][7, 1]).values.ravel()
    assert flat[40, 2] - flat[7, 1] == pytest.approx(10 * gap, abs=1e-5)


def test_the_neutral_mesh_is_the_persons_own_and_nobody_elses():
    rng = np.random.default_rng(1)
    meshes, subjects = rng.normal(size=(6, 2, 3)), np.array(list("aaabbc"))
    found = own_neutral(meshes, subjects, np.array([True, True, False, False, True, False]))
    assert found[2, 1] == pytest.approx(meshes[:2].reshape(4, 3).mean(axis=0))
    assert found[3, 0] == pytest.approx(meshes[4].mean(axis=0)) and np.isnan(found[5]).all()


@pytest.mark.parametrize(("n_time", "n_frame"), [(6, 3), (1, 1), (4, 1), (1, 5), (9, 4)])
def test_the_nearest_crop_is_that_of_the_frames_that_were_taken(n_time, n_frame):
    """A long clip, so that whole frames are as good as shares of it; ties go to either side."""
    frames = np.arange(20001)
    meshes, crops = _spread(frames, n_time), _spread(frames[10000:], n_frame)
    gap = np.abs(meshes - crops[nearest_crops(n_time, n_frame)])
    assert gap == pytest.approx(np.abs(meshes[:, None] - crops).min(axis=1), abs=1)


def test_neither_stage_looks_at_what_belongs_to_the_test(corpus, parts):
    codes, flat = codes_of(corpus), flat_meshes(corpus, parts.train)
    neutral = own_neutral(flat, corpus["subject"].values, corpus["label"].values == "neutral")
    hidden, unknown = codes.copy(), neutral.copy()
    hidden[parts.test], unknown[parts.test] = -1, np.nan
    sizes = {"stages": ((4,), (4,)), "n_unit": 8, "grid": 2, "seed": 0}
    for_style = Recipe(**FIRST.settings() | {"criterion": "error"})
    pictures = corpus["crop"].values
    static = [static_features(build(VGG, 3, **sizes), pictures, of, parts, recipe=FIRST) for of in (codes, hidden)]
    style = [
        learn_style(build(StyleExtractor, 30, 0, width=4, seed=0), flat, of, parts, recipe=for_style)
        for of in (neutral, unknown)
    ]
    said = [
        fuse(build(FusionModel, 3, (30,), width=4, seed=0), flat, of, parts, recipe=FIRST) for of in (codes, hidden)
    ]
    assert all(np.array_equal(*pair) for pair in (static, style, said))
    assert static[0].shape == (60, 1, 8) and style[0].shape == flat.shape and said[0].shape == (12, 3)
