import hashlib
import json
import re
from base64 import b64decode, b64encode
from html import unescape

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from isc.report import Fact, explore
from isc.report.layers import MOST_PAIRS

EVIL = "</script><script>alert('1')</script>\"'&"


def _data(html: str) -> dict:
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', html, re.DOTALL)[1])


def _values(packed: dict, n_feature: int) -> np.ndarray:
    whole = np.frombuffer(b64decode(packed["values"]["data"]), dtype="<i2").reshape(-1, n_feature)
    return np.where(whole == -32768, np.nan, whole * packed["values"]["unit"])


def _flags(packed: dict, shape: tuple[int, int]) -> np.ndarray:
    bits = np.unpackbits(np.frombuffer(b64decode(packed["significant"]), dtype="u1"), bitorder="little")
    return bits[: shape[0] * shape[1]].reshape(shape).astype(bool)


def _pairs(n_pair: int, values: np.ndarray) -> xr.DataArray:
    coords = {"time": ("window", np.arange(21.0)), "vertex_a": ("pair", np.arange(n_pair) % 400)}
    return xr.DataArray(values, dims=("window", "pair"), coords={**coords, "vertex_b": ("pair", np.full(n_pair, 401))})


@pytest.fixture
def limits() -> xr.Dataset:
    attrs = {"scheme": "circular_shift", "n_surrogates": 200, "error_rate": "all cells", "null_hypothesis": "no lock"}
    return xr.Dataset({"threshold": ("extreme", [-np.inf, 0.3])}, coords={"extreme": ["min", "max"]}, attrs=attrs)


def test_all_values_are_on_the_page(tisc, shape):
    tisc[3, 7] = np.nan
    data = _data(explore(tisc, shape).html)
    shown = _values(data["layers"]["vertex"], 478)
    assert np.allclose(shown, tisc.values, atol=np.nanmax(np.abs(tisc.values)) / 32767, equal_nan=True)
    assert np.frombuffer(b64decode(data["windows"]["start"])).tolist() == tisc["start"].values.tolist()


def test_cells_beyond_the_thresholds_are_significant_unless_it_is_said_which_are(tisc, shape, limits):
    packed = _data(explore(tisc, shape, thresholds=limits).html)["layers"]["vertex"]
    assert (_flags(packed, tisc.shape) == (tisc.values > 0.3)).all()
    given = tisc > 0.5
    packed = _data(explore(tisc, shape, thresholds=limits, significant=given.T).html)["layers"]["vertex"]
    assert (_flags(packed, tisc.shape) == given.values).all()


def test_a_data_set_brings_its_own_significance_and_thresholds(tisc, shape, limits):
    given = xr.Dataset({"tisc": tisc, "significant": tisc > 0.4, "threshold": limits["threshold"]})
    given.attrs["scheme"] = ["circular_shift", "sign_flip"]
    html = explore(given, shape).html
    assert "<dd>circular shift and sign flip</dd>" in html
    packed = _data(html)["layers"]["vertex"]
    assert (_flags(packed, tisc.shape) == (tisc.values > 0.4)).all()
    assert np.allclose(np.frombuffer(b64decode(packed["limits"][1]), dtype="<f4"), 0.3)


def test_each_window_may_have_its_own_threshold(tisc, shape, limits):
    upper = np.linspace(0.2, 0.5, 21)
    threshold = xr.DataArray([np.full(21, -np.inf), upper], dims=("extreme", "window"), coords=limits.coords)
    packed = _data(explore(tisc, shape, thresholds=limits.assign(threshold=threshold)).html)["layers"]["vertex"]
    assert (_flags(packed, tisc.shape) == (tisc.values > upper[:, None])).all()


def test_of_many_pairs_the_strongest_are_kept_in_their_order(tisc, shape):
    n_pair = MOST_PAIRS + 50
    values = np.random.default_rng(0).uniform(-0.1, 0.1, (21, n_pair))
    values[:, ::7] = np.nan
    values[4, 100:150] = -0.6
    data = _data(explore(tisc, shape, pairs=_pairs(n_pair, values)).html)
    shown = _values(data["layers"]["pair"], MOST_PAIRS)
    kept = np.sort(np.argsort(-np.nan_to_num(np.abs(values), nan=-1).max(axis=0), kind="stable")[:MOST_PAIRS])
    assert np.allclose(shown, values[:, kept], atol=1e-4, equal_nan=True)
    assert np.frombuffer(b64decode(data["pairs"][0]), dtype="<u2").tolist() == (kept % 400).tolist()
    assert data["n_pair"] == n_pair


def test_the_header_says_what_the_arrays_know_and_what_is_given(tisc, shape, limits):
    html = explore(tisc, shape, thresholds=limits, facts=(Fact("stimulus", EVIL),)).html
    labels, values = (re.findall(f"<{tag}>(.*?)</{tag}>", html) for tag in ("dt", "dd"))
    shown = dict(zip(labels, map(unescape, values), strict=True))
    assert shown["participants"] == "21"
    assert shown["null"] == "circular shift"
    assert shown["what its error rate covers"] == "all cells"
    assert shown["stimulus"] == EVIL


def test_a_name_can_neither_end_the_data_nor_become_a_tag(tisc, shape):
    epochs = pd.DataFrame({"onset": [1.0], "duration": [2.0], "trial_type": [EVIL]})
    html = explore(tisc, shape, epochs=epochs, title=EVIL).html
    assert len(re.findall("<script", html)) == 2
    assert _data(html)["epochs"][0]["name"] == EVIL
    assert unescape(re.search("<h1>(.*?)</h1>", html)[1]) == EVIL


def test_nothing_is_loaded_from_anywhere(tisc, shape):
    html = explore(tisc, shape).html
    assert not re.findall(r"(?:src|href|url|import|fetch|XMLHttpRequest)\s*[=(]\s*[\"']?(?:https?:|//)", html)
    assert not re.findall(r"<(?:link|img|iframe|object|embed|form|base)\b", html)
    policy = re.search('http-equiv="Content-Security-Policy" content="(.*?)"', html)[1]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy


def test_the_policy_knows_exactly_the_style_and_the_script_of_the_page(tisc, shape):
    html = explore(tisc, shape).html
    for tag in ("style", "script"):
        text = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)[0]
        assert f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in html


def test_equal_arrays_give_equal_pages_and_a_saved_page_is_the_page(tisc, shape, tmp_path):
    first, second = explore(tisc, shape), explore(tisc, shape)
    assert first.html == second.html
    assert first.save(tmp_path / "explore.html").read_text(encoding="utf-8") == first.html


def test_a_notebook_shows_the_page_in_a_frame_without_access_to_the_notebook(tisc, shape):
    explorer = explore(tisc, shape)
    frame = explorer._repr_html_()
    assert unescape(re.search('srcdoc="(.*?)"', frame, re.DOTALL)[1]) == explorer.html
    assert 'sandbox="allow-scripts allow-downloads"' in frame


def test_windows_without_borders_reach_halfway_to_their_neighbours(tisc, shape):
    windows = _data(explore(tisc.drop_vars(["start", "stop"]), shape).html)["windows"]
    assert windows["start"] != windows["time"]
    borders = np.frombuffer(b64decode(windows["borders"]))
    assert np.frombuffer(b64decode(windows["stop"])).tolist() == borders[1:].tolist()


def test_agreement_is_told_with_its_raters(tisc, shape, agreement):
    assert "share of 20 raters" in explore(tisc, shape, agreement=agreement).html
    counted = agreement.assign_attrs(method="count_at_maximum").drop_vars("n_raters")
    data = explore(tisc, shape, agreement=counted)
    assert "number of raters" in data.html
    assert _data(data.html)["agreement_largest"] is None


def test_arrays_that_do_not_fit_are_refused(tisc, shape, agreement, limits):
    with pytest.raises(ValueError, match=r"tisc has 100 vertices and shape is \(478, 3\)"):
        explore(tisc[:, :100], shape)
    with pytest.raises(ValueError, match="no vertex of the shape has a position"):
        explore(tisc, shape * np.nan)
    with pytest.raises(ValueError, match="agreement has 20 windows and tisc 21"):
        explore(tisc, shape, agreement=agreement[:20])
    with pytest.raises(ValueError, match="pairs has 20 windows and tisc 21"):
        explore(tisc, shape, pairs=_pairs(3, np.zeros((21, 3)))[:20])
    with pytest.raises(ValueError, match=r"significant is \(20, 478\) and tisc \(21, 478\)"):
        explore(tisc, shape, significant=tisc[:20] > 0)
    with pytest.raises(ValueError, match=r"threshold has shape \(3,\) and there are 21 windows"):
        explore(tisc, shape, thresholds=limits.expand_dims(window=3).transpose("extreme", "window"))


def test_what_is_missing_is_named(tisc, shape):
    with pytest.raises(ValueError, match="tisc needs the coord time"):
        explore(tisc.drop_vars("time"), shape)
    with pytest.raises(ValueError, match=r"pairs needs the coords vertex_a and vertex_b; \['vertex_b'\] missing"):
        explore(tisc, shape, pairs=_pairs(3, np.zeros((21, 3))).drop_vars("vertex_b"))
    with pytest.raises(ValueError, match="the data set of tisc needs a variable tisc; it has p"):
        explore(tisc.rename("p").to_dataset(), shape)
    with pytest.raises(ValueError, match=r"tisc needs dims \('window', 'vertex'\)"):
        explore(tisc[0], shape)
