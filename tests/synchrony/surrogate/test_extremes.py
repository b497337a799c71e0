"""Surrogates shared out in tiles: each once, in whatever order the tiles come back."""

import numpy as np
import pytest
import xarray as xr

from isc.lazy import Capacity
from isc.synchrony.nulls import null_extremes
from isc.synchrony.pairs import vertex_pairs
from isc.synchrony.surrogate import extremes
from isc.synchrony.surrogate.named import named_surrogates

ROOM = Capacity(2, np.inf)


@pytest.fixture
def cube():
    """Noise of six subjects."""
    values = np.random.default_rng(0).normal(size=(6, 600, 5, 3)).astype("f4")
    return xr.DataArray(values, dims=("subject", "time", "vertex", "space"), coords={"time": np.arange(600) / 30})


@pytest.fixture
def elsewhere(monkeypatch):
    """Tiles that come back in a given order, computed here."""

    def set_order(order):
        def computed(function, job, tasks):
            for number in sorted(range(len(tasks)), key=order):
                yield number, function(job, tasks[number])

        monkeypatch.setattr(extremes, "computed", computed)
        monkeypatch.setattr(extremes, "room_for", lambda surrogates, n_done: ROOM)
        monkeypatch.setattr(Capacity, "task_count", lambda room, seconds: 7)

    return set_order


@pytest.mark.parametrize("scheme", ["circular_shift", "sign_flip"])
@pytest.mark.parametrize("n_pair", [None, 10, 3000])
@pytest.mark.parametrize(("n_done", "n_task"), [(0, 1), (0, 7), (4, 100)])
def test_tiles_hold_every_surrogate_of_every_feature_once(cube, scheme, n_pair, n_done, n_task):
    pairs = None if n_pair is None else vertex_pairs([(0, 1)] * n_pair)
    surrogates = named_surrogates(cube, scheme, n_surrogates=9, pairs=pairs)
    seen = np.zeros((9, surrogates.n_feature), dtype=int)
    found = extremes.tiles(surrogates, n_done, n_task)
    for tile in found:
        seen[tile.start : tile.stop, tile.features] += 1
    assert (seen[n_done:] == 1).all() and not seen[:n_done].any()
    if scheme == "sign_flip":
        assert {(tile.start, tile.stop) for tile in found} == {(n_done, 9)}, "the data are read once for all flips"
    if n_pair == 3000 and n_task == 100:
        assert min(tile.features.stop - tile.features.start for tile in found) >= extremes.FEWEST_PAIRS


@pytest.mark.parametrize("order", [lambda k: k, lambda k: -k, lambda k: k % 3])
@pytest.mark.parametrize("scope", ["recording", "window"])
def test_the_order_of_tiles_does_not_matter_and_blocks_are_finished_ones(cube, elsewhere, order, scope, monkeypatch):
    whole = null_extremes(cube, n_surrogates=23, scope=scope, n_threads=1)
    elsewhere(order)
    monkeypatch.setattr("isc.synchrony.nulls.CHECKPOINT_SURROGATES", 5)
    kept, told = [], []
    found = null_extremes(
        cube, n_surrogates=23, scope=scope, checkpoint=kept.append, progress=lambda *said: told.append(said)
    )
    assert found.values.tobytes() == whole.values.tobytes()
    sizes = [part.sizes["surrogate"] for part in kept]
    assert (np.diff([0, *sizes[:-1]]) >= 5).all()
    assert sizes[-1] == 23 and (len(sizes) > 2) == (order(2) == 2)
    for part in kept:
        assert part.values.tobytes() == whole[: part.sizes["surrogate"]].values.tobytes()
    assert told[-1] == (23, 23) and told == sorted(told)
    resumed = null_extremes(cube, n_surrogates=23, scope=scope, resume_from=kept[0])
    assert resumed.values.tobytes() == whole.values.tobytes()


def test_a_window_that_is_missing_everywhere_has_no_extremes(cube, elsewhere):
    cube[:, :200] = np.nan
    whole = null_extremes(cube, scheme="sign_flip", scope="window", n_surrogates=9)
    elsewhere(lambda k: k)
    found = null_extremes(cube, scheme="sign_flip", scope="window", n_surrogates=9)
    assert np.isnan(found).any() and found.values.tobytes() == whole.values.tobytes()
