"""Statistics of clips are those of numpy over the frames with a face."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.classification.distance_space import DistanceSpace
from isc.classification.features import clip_features, clip_meshes

CLIPS = pd.DataFrame(
    {
        "clip": list("abcd"),
        "subject": list("1122"),
        "label": ["neutral", "happy"] * 2,
        "take": list("wxyz"),
        "hit_rate": 50.0,
    }
)


@pytest.fixture
def recordings():
    """Four clips of 7 to 10 frames; the second has a frame without a face."""
    rng = np.random.default_rng(0)
    faces = [rng.normal(size=(n, 5, 3)) + np.arange(5)[:, None] for n in (7, 8, 9, 10)]
    faces[1][3] = np.nan
    return [xr.DataArray(face, dims=("time", "vertex", "space")) for face in faces]


def seen(recording):
    return recording.values[np.isfinite(recording.values).all(axis=(1, 2))]


def distances(meshes):
    first, second = np.triu_indices(5, 1)
    return np.sqrt(((meshes[:, first] - meshes[:, second]) ** 2).sum(axis=-1))


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("mean", lambda x: x.mean(axis=0)),
        ("sd", lambda x: x.std(axis=0, ddof=1)),
        ("range", lambda x: x.max(axis=0) - x.min(axis=0)),
        ("apex", lambda x: x[((x - x[0]) ** 2).sum(axis=tuple(range(1, x.ndim))).argmax()]),
    ],
)
def test_a_statistic_is_over_the_frames_with_a_face(recordings, statistic, expected):
    meshes = clip_meshes(recordings, CLIPS, statistic=statistic)
    positions = clip_features(recordings, CLIPS, of="positions", statistic=statistic)
    for k, recording in enumerate(recordings):
        np.testing.assert_allclose(meshes[k], expected(seen(recording)), rtol=1e-6)
        np.testing.assert_allclose(positions[k], expected(seen(recording)).ravel(), rtol=1e-6)
    assert meshes["n_frame"].values.tolist() == [7, 7, 9, 10]
    assert positions["vertex"].values[4] == 1 and positions["axis"].values[4] == "y"


def test_distances_are_those_of_the_mean_mesh_as_published(recordings):
    features = clip_features(recordings, CLIPS)
    np.testing.assert_allclose(features[1], distances(seen(recordings[1]).mean(axis=0)[None])[0], rtol=1e-6)
    by_mesh = DistanceSpace(clip_meshes(recordings, CLIPS), precision="double")
    np.testing.assert_allclose(by_mesh.gram, DistanceSpace(features, precision="double").gram, atol=1e-5)


@pytest.mark.parametrize(
    ("statistic", "expected"), [("sd", lambda x: x.std(axis=0, ddof=1)), ("range", lambda x: np.ptp(x, axis=0))]
)
def test_the_spread_of_distances_is_over_time(recordings, statistic, expected):
    features = clip_features(recordings, CLIPS, statistic=statistic)
    np.testing.assert_allclose(features[2], expected(distances(seen(recordings[2]))), rtol=1e-6)


def test_blendshapes_are_read_from_a_recording(recordings):
    shapes = [xr.Dataset({"blendshapes": (("time", "blendshape"), r.values[:, :, 0])}) for r in recordings]
    features = clip_features(shapes, CLIPS, of="blendshapes", statistic="range")
    np.testing.assert_allclose(features[0], np.ptp(recordings[0].values[:, :, 0], axis=0), rtol=1e-6)


def test_references_are_subtracted(recordings):
    plain = clip_features(recordings, CLIPS).values.astype(float)
    template = xr.DataArray(np.arange(15.0).reshape(5, 3) ** 1.5, dims=("vertex", "space"))
    found = {
        name: clip_features(recordings, CLIPS, reference=name, template=template)
        for name in ("template", "grand_mean", "subject_mean", "subject_neutral")
    }
    np.testing.assert_allclose(found["template"], plain - distances(template.values[None]), atol=1e-5)
    np.testing.assert_allclose(found["grand_mean"].mean("clip"), 0, atol=1e-6)
    np.testing.assert_allclose(found["subject_mean"][:2].mean("clip"), 0, atol=1e-6)
    np.testing.assert_allclose(found["subject_neutral"][3], plain[3] - plain[2], atol=1e-6)


def test_scaled_distances_do_not_depend_on_the_size_of_the_face():
    face = np.random.default_rng(0).normal(size=(3, 478, 3))
    pairs = (np.array([1]), np.array([2]))
    made = [xr.DataArray(face * k, dims=("time", "vertex", "space")) for k in (1, 7)]
    features = clip_features(made, CLIPS[:2], scale="interocular", pairs=pairs)
    assert float(features[0, 0]) == pytest.approx(float(features[1, 0]), rel=1e-6)
    assert clip_meshes(made, CLIPS[:2], scale="interocular").attrs["scale"] == "interocular"


def test_a_clip_without_a_face_is_nan_with_a_warning(recordings):
    recordings[2][:] = np.nan
    with pytest.warns(UserWarning, match="no face was found in clip c"):
        features = clip_features(recordings, CLIPS)
    assert np.isnan(features[2]).all() and np.isfinite(features[3]).all()
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="clip c has values that are not finite"):
        DistanceSpace(clip_meshes(recordings, CLIPS))


def test_the_table_travels_with_the_features(recordings):
    features = clip_features(iter(recordings), CLIPS)
    assert features.dtype == np.float32 and features.dims == ("clip", "feature")
    for column in ("label", "subject", "take", "hit_rate"):
        assert features[column].values.tolist() == CLIPS[column].tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"of": "colours"}, "of must be one of"),
        ({"statistic": "mode"}, "statistic must be one of"),
        ({"reference": "me"}, "reference must be one of"),
        ({"reference": "template"}, "needs template="),
        ({"reference": "subject_neutral", "neutral": "calm"}, "subject 1 has no usable clip labelled 'calm'"),
        ({"scale": "interocular"}, "needs vertices"),
        ({"of": "blendshapes", "scale": "interocular"}, "no unit to scale"),
        ({"of": "blendshapes"}, "recording 1 needs dims"),
        ({"template": xr.DataArray([1.0], dims="x"), "reference": "template"}, "the template needs dims"),
    ],
)
def test_an_unusable_choice_is_refused(recordings, options, message):
    with pytest.raises(ValueError, match=message):
        clip_features(recordings, CLIPS, **options)


def test_recordings_that_do_not_fit_the_table_are_refused(recordings):
    with pytest.raises(ValueError, match="the table has 4 clips and there are 3 recordings"):
        clip_meshes(recordings[:3], CLIPS)
    with pytest.raises(ValueError, match="the table has 3 clips and there are 4 recordings"):
        clip_meshes(recordings, CLIPS[:3])
    with pytest.raises(ValueError, match="need the same vertices"):
        clip_meshes([recordings[0], recordings[1].isel(vertex=slice(3)), *recordings[2:]], CLIPS)
    with pytest.raises(ValueError, match="column label is missing"):
        clip_meshes(recordings, CLIPS.drop(columns="label"))
    with pytest.raises(ValueError, match="scale must be one of"):
        clip_meshes(recordings, CLIPS, scale="px")
