"""Parts of a decision sum to its margin, on pairs, vertices and regions."""

import numpy as np
import pytest
import xarray as xr

from isc.classification import class_maps as class_maps_module
from isc.classification.class_maps import class_maps
from isc.classification.distance_space import DistanceSpace
from isc.classification.evaluate import cross_validate
from isc.classification.explain import explain, prototypes
from tests.classification.conftest import N_VERTEX, make_meshes
from tests.reference_classification import pair_distances

PARTS = {"upper": np.arange(5), "lower": np.arange(5, N_VERTEX)}
PAIRS = np.triu_indices(N_VERTEX, 1)


@pytest.mark.parametrize("options", [{}, {"reference": "subject_mean"}, {"precision": "double"}])
def test_pairs_vertices_and_regions_sum_to_the_margin(meshes, options):
    space = DistanceSpace(meshes, **options)
    result = cross_validate(space)
    why = explain(space, range(len(space)), folds=result, parts=PARTS)
    for part in (
        why["contribution"].sum("feature"),
        why["by_vertex"].sum("vertex"),
        why["by_region"].sum(("region", "other_region")),
    ):
        np.testing.assert_allclose(part, why["margin"], rtol=0, atol=1e-10)
    np.testing.assert_array_equal(why["margin"] > 0, result["predicted"].values[0] == result["label"].values)


def test_a_contribution_is_the_difference_of_two_squares(meshes):
    space, features = DistanceSpace(meshes), pair_distances(meshes.values, *PAIRS)
    why = explain(space, ["02-sad-1"])
    own, hit, miss = (features[meshes["clip"].values == str(why[c].values[0])][0] for c in ("clip", "hit", "miss"))
    np.testing.assert_allclose(why["contribution"].values[0], (own - miss) ** 2 - (own - hit) ** 2, atol=1e-12)
    assert str(why["hit_label"].values[0]) == "sad" != str(why["miss_label"].values[0])


def test_components_are_explained_exactly_too(meshes):
    space = DistanceSpace(meshes, precision="double")
    result = cross_validate(space, n_component=5)
    why = explain(space, range(0, 72, 7), folds=result, n_component=5, parts=PARTS)
    np.testing.assert_allclose(why["contribution"].sum("feature"), why["margin"], rtol=0, atol=1e-10)
    right = (result["predicted"].values[0] == result["label"].values)[::7]
    np.testing.assert_array_equal(why["margin"] > 0, right)
    with pytest.raises(ValueError, match="precision='double'"):
        explain(DistanceSpace(meshes), [0], n_component=5)


def test_a_restricted_space_is_explained_by_its_blocks(meshes):
    names = np.where(PAIRS[0] < 5, "a", "b")
    part = DistanceSpace(meshes, blocks=list(names)).restrict(["b"])
    why = explain(part, [3], parts=PARTS)
    assert (why["contribution"].values[0][names == "a"] == 0).all()
    assert float(why["contribution"].sum()) == pytest.approx(float(why["margin"][0]), abs=1e-10)


def test_the_vertex_that_moves_decides():
    rng = np.random.default_rng(0)
    face, happy = rng.normal(size=(N_VERTEX, 3)), np.tile([1, 0], 6)
    values = face + 0.01 * rng.normal(size=(12, N_VERTEX, 3))
    values[:, 7] += 0.5 * happy[:, None]
    coords = {"subject": ("clip", np.repeat(list("123"), 4)), "label": ("clip", np.where(happy, "happy", "sad"))}
    why = explain(DistanceSpace(xr.DataArray(values, coords, ("clip", "vertex", "space"))), [0], parts=PARTS)
    assert int(why["by_vertex"].values[0].argmax()) == 7
    assert float(why["by_vertex"][0, 7] / why["margin"][0]) > 0.45


def test_features_that_are_no_pairs_have_no_face(features):
    why = explain(DistanceSpace(features), [0])
    assert "by_vertex" not in why


def test_mediapipes_regions_are_used_on_its_mesh():
    coords = {"subject": ("clip", list("1122")), "label": ("clip", list("abab"))}
    faces = np.random.default_rng(0).normal(size=(4, 478, 3)).astype(np.float32)
    why = explain(DistanceSpace(xr.DataArray(faces, coords, ("clip", "vertex", "space"))), [1])
    assert "mouth" in why["region"].values
    np.testing.assert_allclose(why["by_region"][0], why["by_region"][0].T)
    assert float(why["by_region"].sum()) == pytest.approx(float(why["margin"][0]), abs=1e-8)


def test_unusable_clips_or_regions_are_refused(meshes):
    space = DistanceSpace(meshes)
    with pytest.raises(ValueError, match="there is no clip 'nobody'"):
        explain(space, ["nobody"])
    with pytest.raises(ValueError, match="belongs to no region"):
        explain(space, [0], parts={"upper": np.arange(5)})
    lonely = space.select(np.flatnonzero(meshes["label"].values == "sad"))
    with pytest.raises(ValueError, match="no training clip of its own or of another class"):
        explain(lonely, [0])
    with pytest.raises(ValueError, match="the folds do not test clip"):
        explain(space, [0], folds=xr.DataArray([[-1] * 36 + [0] * 36], dims=("repeat", "clip")))


def test_prototypes_are_the_nearest_clips_and_tell_the_person(meshes):
    space = DistanceSpace(meshes)
    table = prototypes(space, ["01-sad-0", 5], n_neighbour=3)
    assert table["rank"].tolist() == [1, 2, 3] * 2
    assert (table.groupby("clip")["distance"].diff().dropna() >= 0).all()
    assert table["same_subject"].iloc[0] == (table["subject"].iloc[0] == "01")
    guarded = prototypes(space, [0], folds=cross_validate(space))
    assert not guarded["same_subject"].any()


def test_class_maps_find_where_a_class_moves_and_only_there():
    rng = np.random.default_rng(1)
    subject, happy = np.repeat(np.arange(12), 6), np.tile([1, 0], 36)
    values = 3 * rng.normal(size=(12, 20))[subject] + 0.2 * rng.normal(size=(72, 20))
    values[:, 4] += 0.5 * happy
    coords = {"subject": ("clip", subject.astype(str)), "label": ("clip", np.where(happy, "happy", "sad"))}
    maps = class_maps(xr.DataArray(values, coords, ("clip", "feature")))
    assert np.flatnonzero((maps["p_fwe"] < 0.05).any("label")).tolist() == [4]
    assert float(maps["change"].sel(label="happy")[4]) == pytest.approx(0.5, abs=0.1)
    np.testing.assert_allclose(maps["change"].sel(label="happy"), -maps["change"].sel(label="sad"))


def test_t_is_that_of_scipy_over_subjects(features):
    from scipy.stats import ttest_1samp

    maps = class_maps(features)
    means = features.astype(float).groupby(["subject", "label"]).mean().transpose("subject", "label", "feature")
    gaps = means.sel(label="sad") - means.sel(label=["angry", "happy"]).mean("label")
    np.testing.assert_allclose(maps["t"].sel(label="sad"), ttest_1samp(gaps, 0).statistic, rtol=1e-5)


def test_familywise_errors_stay_at_their_level():
    wrong = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        coords = {"subject": ("clip", np.repeat(np.arange(12).astype(str), 4)), "label": ("clip", ["a", "b"] * 24)}
        data = xr.DataArray(rng.normal(size=(48, 30)), coords, ("clip", "feature"))
        wrong += bool((class_maps(data, n_flip=200, seed=seed)["p_fwe"] <= 0.05).any())
    assert wrong <= 8  # 3 expected; P(> 8) < 0.01


def test_blocks_of_features_do_not_change_class_maps(features, monkeypatch):
    whole = class_maps(features)
    monkeypatch.setattr(class_maps_module, "FEATURE_BLOCK", 7)
    parts = class_maps(features)
    np.testing.assert_allclose(parts["t"], whole["t"])
    np.testing.assert_array_equal(parts["p_fwe"], whole["p_fwe"])


def test_p_counts_flips_whose_largest_t_over_all_classes_is_as_large(features):
    maps = class_maps(features)
    means = features.astype(float).groupby(["subject", "label"]).mean().transpose("label", "subject", "feature").values
    gaps = means - (means.sum(axis=0) - means) / 2
    largest = []
    for number in range(2**6):
        signs = 1 - 2 * ((number >> np.arange(6)) & 1)
        flipped = gaps * signs[:, None]
        largest.append(np.abs(flipped.mean(axis=1) / flipped.std(axis=1, ddof=1) * np.sqrt(6)).max())
    expected = [(np.array(largest) >= abs(t) * (1 - 1e-9)).mean() for t in maps["t"].values[1, :5]]
    np.testing.assert_allclose(maps["p_fwe"].values[1, :5], expected)


def test_too_few_subjects_and_flat_features_are_told(features):
    with pytest.raises(ValueError, match="shown beside another by 2 subjects"):
        class_maps(features.isel(clip=slice(24)))
    features[:, 0] = 1.0
    maps = class_maps(features)
    assert np.isnan(maps["t"][:, 0]).all() and np.isnan(maps["p_fwe"][:, 0]).all()


def test_all_flips_of_few_subjects_give_an_exact_smallest_p():
    assert class_maps(DistanceSpace(make_meshes())).attrs["smallest_p"] == 2 / 64
