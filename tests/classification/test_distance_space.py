"""One Gram matrix: distances, neighbours, components, references and blocks are those of the features themselves."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from isc.classification import distance_space, gram_blocks
from isc.classification.distance_space import DistanceSpace
from tests.classification.conftest import N_VERTEX, make_meshes
from tests.reference_classification import nearest, pair_distances, squared_distances, subtract_reference

PAIRS = np.triu_indices(N_VERTEX, 1)


def all_but(n, k):
    return np.flatnonzero(np.arange(n) != k)


@pytest.mark.parametrize(("precision", "tolerance"), [("single", 2e-6), ("double", 1e-12)])
def test_distances_are_those_of_the_features(meshes, precision, tolerance):
    space = DistanceSpace(meshes, precision=precision)
    expected = squared_distances(pair_distances(meshes.values, *PAIRS))
    everybody = np.arange(len(space))
    np.testing.assert_allclose(space.squared_distances(everybody, everybody), expected, atol=tolerance * expected.max())
    np.testing.assert_allclose(space.exact_squared_distances(3, everybody), expected[3], rtol=1e-12, atol=1e-14)


def test_blocks_of_columns_do_not_change_the_gram_matrix(meshes, monkeypatch):
    whole = DistanceSpace(meshes, precision="double").gram
    monkeypatch.setattr(gram_blocks, "BLOCK_BYTES", 8 * len(whole) * 5)
    np.testing.assert_allclose(DistanceSpace(meshes, precision="double").gram, whole, rtol=0, atol=1e-12 * whole.max())


def test_a_mesh_and_its_feature_matrix_make_the_same_space(meshes, features):
    by_mesh, by_matrix = DistanceSpace(meshes, precision="double"), DistanceSpace(features, precision="double")
    np.testing.assert_allclose(by_mesh.gram, by_matrix.gram, atol=1e-5)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_no_neighbour_differs_from_a_search_in_float64(seed):
    meshes = make_meshes(seed=seed, n_subject=3, n_repetition=2, noise=0.01)
    space, features = DistanceSpace(meshes), pair_distances(meshes.values, *PAIRS)
    for clip in range(len(space)):
        train = all_but(len(space), clip)
        assert space.nearest(np.array([clip]), train)[0, 0] == nearest(features, [clip], train)[0]


def test_clips_that_single_precision_cannot_tell_apart_are_ordered_in_float64():
    base, n = np.random.default_rng(0).normal(size=(1, 300)) * 10, 40
    values = np.repeat(base, n, axis=0)
    values[1:, 0] += 1 + 1e-7 * np.random.default_rng(1).permutation(n - 1)
    far = values.copy()
    far[:, 2] += 1e3
    data = np.concatenate([values, far])
    coords = {"subject": ("clip", ["1"] * 2 * n), "label": ("clip", ["a", "b"] * n)}
    space = DistanceSpace(xr.DataArray(data, coords, ("clip", "feature")))
    train = np.arange(1, 2 * n)
    expected = train[np.argsort(((data[0] - data[1:]) ** 2).sum(axis=1), kind="stable")]
    raw = train[np.argsort(space.squared_distances(np.array([0]), train)[0], kind="stable")]
    assert (raw[:5] != expected[:5]).any()  # else this tests nothing
    np.testing.assert_array_equal(space.nearest(np.array([0]), train, 5)[0], expected[:5])


def test_uncentred_products_in_single_precision_would_call_other_neighbours():
    rng = np.random.default_rng(0)
    values = (rng.normal(size=(300, 2000)) * 1e-3 + rng.uniform(1, 2, 2000)).astype(np.float32)
    coords = {"subject": ("clip", np.repeat(np.arange(30), 10)), "label": ("clip", ["a", "b"] * 150)}
    space = DistanceSpace(xr.DataArray(values, coords, ("clip", "feature")))
    naive = values @ values.T
    wrong, right = 0, 0
    for clip in range(300):
        train = all_but(300, clip)
        truth = nearest(values, [clip], train)[0]
        own = np.diag(naive)
        wrong += train[(own[clip] + own[train] - 2 * naive[clip, train]).argmin()] != truth
        right += space.nearest(np.array([clip]), train)[0, 0] == truth
    assert right == 300
    assert wrong > 100


def test_among_equal_neighbours_the_first_counts():
    coords = {"subject": ("clip", list("1234")), "label": ("clip", list("abab"))}
    space = DistanceSpace(xr.DataArray([[0.0], [1.0], [-1.0], [1.0]], coords, ("clip", "feature")))
    assert space.nearest(np.array([0]), np.array([3, 2, 1]))[0, 0] == 3
    assert space.nearest(np.array([0]), np.array([1, 2, 3]), 2)[0].tolist() == [1, 2]


@pytest.mark.parametrize("reference", ["subject_mean", "subject_neutral"])
def test_a_reference_of_the_subject_is_subtracted_from_the_features(meshes, reference):
    space = DistanceSpace(meshes, reference=reference, neutral="sad", precision="double")
    used = np.ones(len(space), bool) if reference == "subject_mean" else meshes["label"].values == "sad"
    features = subtract_reference(pair_distances(meshes.values, *PAIRS), meshes["subject"].values, used)
    everybody = np.arange(len(space))
    np.testing.assert_allclose(space.squared_distances(everybody, everybody), squared_distances(features), atol=1e-10)
    np.testing.assert_allclose(space.rows(everybody, 3, 9), features[:, 3:9], atol=1e-12)
    part = space.select([1, 5, 40])
    np.testing.assert_allclose(part.rows(np.array([2]), 0, 66), features[[40]], atol=1e-12)


def test_a_template_and_the_grand_mean_leave_distances_as_they_are(meshes):
    np.testing.assert_array_equal(
        DistanceSpace(meshes, reference="grand_mean").gram, DistanceSpace(meshes, reference="template").gram
    )


def test_blocks_add_up_to_the_whole_and_any_union_is_a_space(meshes):
    names = np.array(["upper", "lower", "mixed"])[(PAIRS[0] >= 6).astype(int) + 2 * ((PAIRS[0] < 6) & (PAIRS[1] >= 6))]
    space = DistanceSpace(meshes, blocks=list(names), precision="double")
    np.testing.assert_allclose(sum(space.grams.values()), space.gram, atol=1e-12)
    part, keep = space.restrict(["upper", "lower"]), names != "mixed"
    alone = DistanceSpace(meshes, pairs=(PAIRS[0][keep], PAIRS[1][keep]), precision="double")
    np.testing.assert_allclose(part.gram, alone.gram, atol=1e-10)
    np.testing.assert_allclose(
        part.exact_squared_distances(0, np.arange(9)), alone.exact_squared_distances(0, np.arange(9)), rtol=1e-12
    )


def test_components_of_a_fold_are_those_of_a_full_decomposition(meshes):
    from sklearn.decomposition import PCA

    space, features = DistanceSpace(meshes, precision="double"), pair_distances(meshes.values, *PAIRS)
    train, test = np.arange(10, 72), np.arange(10)
    ours = space.components(train, test, 5)
    theirs = PCA(5, svd_solver="full").fit(features[train]).transform(features[test])
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=1e-9)


def test_components_of_many_clips_are_those_of_a_full_decomposition(monkeypatch):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(90, 40)) * np.geomspace(3, 0.1, 40)
    coords = {"subject": ("clip", ["1"] * 90), "label": ("clip", ["a", "b"] * 45)}
    space, train = DistanceSpace(xr.DataArray(values, coords, ("clip", "feature")), precision="double"), np.arange(80)
    full = space.components(train, np.arange(90), 6)
    monkeypatch.setattr(distance_space, "LANCZOS_FROM", 10)
    np.testing.assert_allclose(np.abs(space.components(train, np.arange(90), 6)), np.abs(full), atol=1e-10)


def test_a_scaled_space_does_not_depend_on_the_size_of_a_face():
    rng = np.random.default_rng(0)
    faces = rng.normal(size=(4, 478, 3))
    coords = {"subject": ("clip", list("1122")), "label": ("clip", list("abab"))}
    pairs = (np.array([1, 2, 3]), np.array([10, 20, 30]))
    grams = [
        DistanceSpace(
            xr.DataArray(x, coords, ("clip", "vertex", "space")), pairs=pairs, scale="interocular", precision="double"
        ).gram
        for x in (faces, faces * np.array([1, 2, 3, 4.0])[:, None, None])
    ]
    np.testing.assert_allclose(*grams, atol=1e-12)


def test_pairs_may_be_an_object_with_both_vertices(meshes):
    given = SimpleNamespace(vertex_a=np.array([0, 1]), vertex_b=np.array([2, 3]))
    assert DistanceSpace(meshes, pairs=given).n_feature == 2


def test_a_missing_value_names_the_clip(meshes):
    meshes[4, 2, 0] = np.nan
    with pytest.raises(ValueError, match=r"clip 00-sad-0 has values that are not finite \(1 such clips"):
        DistanceSpace(meshes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "half"}, "precision must be"),
        ({"reference": "median"}, "reference must be one of"),
        ({"reference": "subject_neutral"}, "subject 00 has no clip labelled 'neutral'"),
        ({"scale": "px"}, "scale must be"),
        ({"scale": "interocular"}, "needs vertices"),
        ({"pairs": ([0], [99])}, "the meshes have vertices 0 to 11"),
        ({"pairs": ([], [])}, "at least one pair"),
        ({"blocks": ["a"]}, "blocks name 1 features and there are 66"),
        ({"max_memory": 1000.0}, "max_memory is"),
    ],
)
def test_an_unusable_choice_is_refused(meshes, options, message):
    with pytest.raises(ValueError, match=message):
        DistanceSpace(meshes, **options)


def test_other_dims_types_and_uses_are_refused(meshes, features):
    with pytest.raises(ValueError, match="dims must be"):
        DistanceSpace(meshes.isel(space=0))
    with pytest.raises(ValueError, match="not numbers"):
        DistanceSpace(features.astype(str))
    with pytest.raises(ValueError, match="pairs are of the vertices"):
        DistanceSpace(features, pairs=([0], [1]))
    with pytest.raises(ValueError, match="needs meshes"):
        DistanceSpace(features, scale="interocular")
    with pytest.raises(ValueError, match="lie in one place"):
        DistanceSpace(
            xr.DataArray(
                np.zeros((2, 478, 3)),
                {"subject": ("clip", list("12")), "label": ("clip", list("ab"))},
                ("clip", "vertex", "space"),
            ),
            scale="interocular",
        )
    space = DistanceSpace(features)
    with pytest.raises(ValueError, match="the blocks of this space are none"):
        space.restrict(["mouth"])
    with pytest.raises(ValueError, match="9 neighbours were asked for and there are 3"):
        space.nearest(np.array([0]), np.array([1, 2, 3]), 9)
    with pytest.raises(ValueError, match="5 components need more than 5 training clips"):
        space.components(np.arange(5), np.arange(2), 5)
    flat = features.copy(data=np.arange(72.0)[:, None] * np.ones(66))
    with pytest.raises(ValueError, match="vary in 1 directions only"):
        DistanceSpace(flat, precision="double").components(np.arange(20), np.arange(2), 3)
