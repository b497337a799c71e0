"""The explorer as somebody uses it: opened from the disk, network off, with mouse and keyboard."""

import csv
from io import BytesIO
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib import colormaps
from matplotlib.image import imread

from isc.mesh import regions, triangles
from isc.plots.style import DIVERGING
from isc.report import explore

pytestmark = pytest.mark.browser

PAIRS = [(61, 291), (13, 14), (105, 334)]
UPPER = 0.3
MOUTH = 13  # in synchrony from the 6th window to the 10th
MASKED = 236  # grey of what is not significant, of 255
NEAR_COLOUR = 6  # of 255; the scale has 256 steps, and edges are drawn over it faintly


@pytest.fixture(scope="module")
def limits() -> xr.Dataset:
    attrs = {"scheme": "circular_shift", "error_rate": "all cells", "null_hypothesis": "no common time"}
    return xr.Dataset({"threshold": ("extreme", [-np.inf, UPPER])}, coords={"extreme": ["min", "max"]}, attrs=attrs)


@pytest.fixture
def synchrony(tisc) -> xr.DataArray:
    """The fixture with a lost window and a lost vertex."""
    tisc[15], tisc[:, 300] = np.nan, np.nan
    return tisc


@pytest.fixture
def pairs(synchrony) -> xr.DataArray:
    first, second = np.array(PAIRS).T
    values = synchrony.values[:, first] * [1.0, 1.2, 0.5]
    coords = {"time": synchrony["time"], "vertex_a": ("pair", first), "vertex_b": ("pair", second)}
    return xr.DataArray(values, dims=("window", "pair"), coords=coords, name="tisc")


@pytest.fixture
def opened(visit, synchrony, shape, limits, pairs, agreement, tmp_path):
    """The explorer of a small study with everything on it."""
    layer = xr.Dataset({"tisc": pairs, "threshold": limits["threshold"]})
    epochs = pd.DataFrame({"onset": [8.0], "duration": [10.0], "trial_type": ["threat <b>"]})
    page = explore(
        synchrony, shape, thresholds=limits, pairs=layer, agreement=agreement, peaks=[9.5, 12.0], epochs=epochs
    )
    visited = visit(page.save(tmp_path / "explore.html"))
    visited.page.wait_for_selector("body[data-ready=yes]")
    yield visited
    assert not visited.complaints
    assert {address.split(":")[0] for address in visited.requests} <= {"file", "blob"}
    assert len([address for address in visited.requests if address.startswith("file")]) == 1


def colour_at(visited, triangle: np.ndarray) -> np.ndarray:
    """Colour on the screen in the middle of a triangle of the face, as three numbers up to 255."""
    visited.settle()
    box = visited.page.locator("#face").bounding_box()
    x, y = np.mean([visited.page.evaluate(f"isc.pointOf({vertex})") for vertex in triangle], axis=0)
    clip = {"x": round(box["x"] + x), "y": round(box["y"] + y), "width": 1, "height": 1}
    pixel = imread(BytesIO(visited.page.screenshot(clip=clip)))[0, 0, :3]
    return np.rint(255 * pixel).astype(int)


def largest_triangle(shape, among: np.ndarray) -> np.ndarray:
    """The triangle that is largest from the front among those whose three corners are flagged."""
    kept = triangles()[among[triangles()].all(axis=1)]
    first, second, third = (shape.values[kept[:, corner], :2] for corner in range(3))
    (x1, y1), (x2, y2) = (second - first).T, (third - first).T
    return kept[np.argmax(np.abs(x1 * y2 - y1 * x2))]


def click(visited, canvas: str, x: float, y: float) -> None:
    visited.page.locator(f"#{canvas}").click(position={"x": x, "y": y})
    visited.settle()


def test_it_opens_on_the_largest_value(opened, synchrony, screenshots):
    window, vertex = np.unravel_index(np.nanargmax(synchrony.values), synchrony.shape)
    state = opened.state()
    assert (state["window"], state["kind"], state["index"]) == (window, "vertex", vertex)
    opened.page.screenshot(path=screenshots / "explorer_opened.png")


def test_a_link_may_ask_for_a_window(opened, synchrony):
    opened.page.evaluate("location.hash = '#window=7'")
    opened.page.wait_for_selector("#when:has-text('window 7 of 21')")
    assert opened.state()["index"] == int(np.nanargmax(synchrony.values[6]))


def test_every_value_and_every_flag_of_the_page_is_that_of_the_arrays(opened, synchrony):
    script = """() => [...Array(isc.state().size).keys()].map((window) => [...Array(478).keys()].map((vertex) =>
      [isc.value(window, "vertex", vertex), isc.isSignificant(window, "vertex", vertex)]))"""
    read = np.array(opened.page.evaluate(script), dtype=float)
    unit = np.nanmax(np.abs(synchrony.values)) / 32767
    assert np.allclose(read[..., 0], synchrony.values, rtol=0, atol=unit, equal_nan=True)
    assert (read[..., 1] == (synchrony.values > UPPER)).all()


def test_a_region_is_the_mean_of_its_vertices(opened, synchrony):
    members = list(regions().values())
    read = opened.page.evaluate("() => [...Array(11).keys()].map((region) => isc.value(7, 'region', region))")
    assert np.allclose(read, [np.nanmean(synchrony.values[7, m]) for m in members], atol=1e-4)
    opened.page.check("input[value=region]")
    opened.page.select_option("#which-region", label="mouth")
    assert opened.page.inner_text("#name") == f"mouth (mean of {len(regions()['mouth'])} vertices)"


def test_the_slider_moves_the_window_and_the_reading_is_that_of_the_arrays(opened, synchrony):
    opened.page.evaluate(f"isc.select('vertex', {MOUTH})")
    opened.page.locator("#window").fill("6")
    opened.settle()
    assert opened.state()["window"] == 6
    assert opened.page.inner_text("#when") == "window 7 of 21: 10.0 to 15.0 s"
    value = float(synchrony[6, MOUTH])
    expected = f"r = {value:.3f}, threshold 0.300, significant, n = 21, agreement 0.50"
    assert opened.page.inner_text("#reading") == expected
    assert opened.page.get_attribute("#window", "aria-valuetext") == "window 7 of 21, 10.0 to 15.0 s"


def test_a_lost_window_is_told_as_missing(opened):
    opened.page.evaluate("isc.show(15)")
    opened.settle()
    assert opened.page.inner_text("#reading").startswith("r = no value, threshold 0.300, n = 21")


def test_a_click_on_a_peak_of_the_series_moves_the_window_there(opened, synchrony):
    opened.page.evaluate(f"isc.show(0); isc.select('vertex', {MOUTH})")
    peak = int(np.nanargmax(synchrony.values[:, MOUTH]))
    click(opened, "series", opened.page.evaluate(f"isc.placeOf({peak})"), 60)
    assert opened.state()["window"] == peak
    assert f"r = {float(synchrony[peak, MOUTH]):.3f}" in opened.page.inner_text("#reading")


def test_a_click_beside_the_axes_moves_nothing(opened):
    opened.page.evaluate("isc.show(3)")
    click(opened, "series", 20, 60)
    assert opened.state()["window"] == 3


def test_a_click_on_the_face_selects_the_vertex_its_region_or_a_pair(opened):
    click(opened, "face", *opened.page.evaluate(f"isc.pointOf({MOUTH})"))
    assert opened.state()["index"] == MOUTH
    opened.page.check("input[value=region]")
    click(opened, "face", *opened.page.evaluate("isc.pointOf(4)"))
    assert list(regions())[opened.state()["index"]] == "nose"
    opened.page.check("input[value=pair]")
    ends = np.array([opened.page.evaluate(f"isc.pointOf({vertex})") for vertex in PAIRS[2]])
    click(opened, "face", *ends.mean(axis=0))
    assert opened.state()["index"] == 2
    assert opened.page.inner_text("#name") == "distance of vertices 105 and 334"


def test_a_drag_turns_the_face_and_selects_nothing(opened):
    before = opened.state()
    box = opened.page.locator("#face").bounding_box()
    opened.page.mouse.move(box["x"] + 200, box["y"] + 200)
    opened.page.mouse.down()
    opened.page.mouse.move(box["x"] + 120, box["y"] + 200, steps=4)
    opened.page.mouse.up()
    after = opened.state()
    assert after["yaw"] == pytest.approx(0.8)
    assert after["index"] == before["index"]


def test_profiles_show_the_persons_own_sides(opened, screenshots):
    left_eye, nose = 263, 1
    opened.page.click("#view-left")
    assert opened.page.evaluate(f"isc.pointOf({nose})[0] < isc.pointOf({left_eye})[0]")
    opened.settle()
    opened.page.screenshot(path=screenshots / "explorer_left_profile.png")
    opened.page.click("#view-right")
    assert opened.page.evaluate(f"isc.pointOf({nose})[0] > isc.pointOf({left_eye})[0]")
    opened.page.click("#view-front")
    assert opened.state()["yaw"] == 0


def test_the_colour_of_a_triangle_is_its_value_and_the_toggle_leaves_only_what_is_significant(
    opened, synchrony, shape, screenshots
):
    values, scale = synchrony.values[7], np.nanmax(np.abs(synchrony.values))
    significant, quiet = largest_triangle(shape, values > UPPER), largest_triangle(shape, values < UPPER)
    expected = [
        np.array(colormaps[DIVERGING]((values[corners].mean() / scale + 1) / 2, bytes=True)[:3], dtype=int)
        for corners in (significant, quiet)
    ]
    opened.page.evaluate("isc.show(7)")
    for corners, colour in zip((significant, quiet), expected, strict=True):
        assert np.abs(colour_at(opened, corners) - colour).max() <= NEAR_COLOUR
    opened.page.check("#mask")
    assert np.abs(colour_at(opened, significant) - expected[0]).max() <= NEAR_COLOUR
    assert np.abs(colour_at(opened, quiet) - MASKED).max() <= NEAR_COLOUR
    opened.page.screenshot(path=screenshots / "explorer_significant_only.png")
    opened.page.uncheck("#mask")
    assert np.abs(colour_at(opened, quiet) - expected[1]).max() <= NEAR_COLOUR


def test_pairs_are_lines_on_the_face(opened, screenshots):
    opened.page.evaluate("isc.show(7)")
    opened.page.check("input[value=pair]")
    opened.settle()
    assert opened.page.inner_text("#face-words") == "3 of 3 pairs of vertices as lines at 11.7 to 16.7 s."
    opened.page.screenshot(path=screenshots / "explorer_pairs.png")


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_click_on_the_map_of_everything_moves_and_selects(opened, place):
    box = opened.page.locator("#carpet").bounding_box()
    names, mouth = list(regions()), regions()["mouth"]
    row = (names.index("mouth") + place) / len(names)
    click(opened, "carpet", opened.page.evaluate("isc.placeOf(8)"), row * box["height"])
    state = opened.state()
    assert state["window"] == 8
    rows_a_pixel = mouth.size * len(names) / box["height"]
    assert list(mouth).index(state["index"]) == pytest.approx(place * mouth.size, abs=1 + rows_a_pixel)


def test_it_plays_at_the_speed_of_the_film_to_its_end_and_stops(opened):
    opened.page.clock.install(time=0)
    opened.page.clock.pause_at(1)
    opened.page.select_option("#speed", "5")
    opened.page.evaluate("isc.show(10)")
    opened.page.click("#play")
    assert opened.page.inner_text("#play") == "Pause"
    step = 5 / 3 / 5 * 1000  # ms
    opened.page.clock.run_for(4.5 * step)
    assert opened.state()["window"] == 14
    opened.page.clock.run_for(20 * step)
    assert opened.state()["window"] == 20
    assert opened.page.inner_text("#play") == "Play"
    assert not opened.state()["playing"]


def test_it_can_be_stopped_and_starts_again_from_the_beginning(opened):
    opened.page.clock.install(time=0)
    opened.page.clock.pause_at(1)
    opened.page.evaluate("isc.show(20)")
    opened.page.click("#play")
    opened.page.clock.run_for(1000)
    opened.page.click("#play")
    state = opened.state()
    assert not state["playing"]
    assert 0 < state["window"] < 20
    opened.page.clock.run_for(5000)
    assert opened.state()["window"] == state["window"]


def test_everything_can_be_done_with_the_keyboard(opened, synchrony):
    keys = opened.page.keyboard
    opened.page.evaluate(f"isc.show(0); isc.select('vertex', {MOUTH})")
    for key, window in (("ArrowRight", 1), ("PageUp", 11), ("ArrowLeft", 10), ("End", 20), ("Home", 0)):
        keys.press(key)
        assert opened.state()["window"] == window
    significant = np.flatnonzero(synchrony.values[:, MOUTH] > UPPER)
    keys.press("n")
    assert opened.state()["window"] == significant[0]
    keys.press("n")
    assert opened.state()["window"] == significant[1]
    keys.press("p")
    assert opened.state()["window"] == significant[0]
    keys.press("t")
    assert opened.page.is_checked("#mask")
    keys.press("l")
    assert opened.state()["yaw"] == pytest.approx(np.pi / 2)
    keys.press("f")
    keys.press("s")
    assert opened.state()["index"] == int(np.nanargmax(synchrony.values[significant[0]]))
    keys.press(" ")
    assert opened.state()["playing"]
    keys.press(" ")
    assert not opened.state()["playing"]


def test_a_control_keeps_the_keys_it_needs_itself(opened):
    opened.page.evaluate("isc.show(5)")
    opened.page.focus("#which-vertex")
    opened.page.keyboard.press("Home")
    assert opened.state()["window"] == 5
    opened.page.locator("#which-vertex").fill("12")
    opened.page.keyboard.press("Tab")
    assert opened.state()["index"] == 12


def test_all_controls_have_names(opened):
    unnamed = opened.page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, canvas")]
          .filter((node) => !(node.labels && node.labels.length) && !node.ariaLabel && !node.innerText.trim())
          .map((node) => node.id)"""
    )
    assert not unnamed
    assert opened.page.get_attribute("#face", "aria-label").startswith("Face at ")


def test_the_saved_series_is_the_series_of_the_arrays(opened, synchrony, tmp_path):
    opened.page.evaluate(f"isc.select('vertex', {MOUTH})")
    with opened.page.expect_download() as download:
        opened.page.click("#save")
    download.value.save_as(tmp_path / "series.tsv")
    with (tmp_path / "series.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    values = [np.nan if row["r"] == "n/a" else float(row["r"]) for row in rows]
    assert np.allclose(values, synchrony.values[:, MOUTH], atol=1e-4, equal_nan=True)
    assert {row["lower_threshold"] for row in rows} == {"n/a"}
    assert [row["significant"] == "1" for row in rows] == (synchrony.values[:, MOUTH] > UPPER).tolist()


def test_a_narrow_window_shows_everything_below_one_another(opened, screenshots):
    opened.page.set_viewport_size({"width": 420, "height": 900})
    opened.settle()
    assert opened.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    opened.page.screenshot(path=screenshots / "explorer_narrow.png", full_page=True)


@pytest.mark.parametrize("start", [0.0, 12.0, 101.0])
def test_a_phone_has_labels_on_the_time_axis_that_do_not_touch(visit, tisc, shape, tmp_path, start):
    moved = tisc.assign_coords({name: tisc[name] + start for name in ("start", "time", "stop")})
    visited = visit(explore(moved, shape).save(tmp_path / "explore.html"))
    visited.page.wait_for_selector("body[data-ready=yes]")
    visited.page.evaluate("""() => {
      window.written = [];
      const write = CanvasRenderingContext2D.prototype.fillText;
      CanvasRenderingContext2D.prototype.fillText = function (words, x, y) {
        if (this.canvas.id === "series") window.written.push([words, x, y, this.measureText(words).width]);
        return write.call(this, words, x, y);
      };
    }""")
    visited.page.set_viewport_size({"width": 390, "height": 844})
    visited.settle()
    written = visited.page.evaluate("window.written")
    (title,) = {(x, y) for words, x, y, _ in written if words.startswith("time from")}
    labels = sorted({(x, width) for words, x, y, width in written if y == title[1] - 17})
    assert len(labels) >= 3
    for (left, one), (right, other) in pairwise(labels):
        assert right - left > (one + other) / 2 + 4


def test_without_thresholds_nothing_is_called_significant(visit, tisc, shape, tmp_path):
    visited = visit(explore(tisc, shape).save(tmp_path / "explore.html"))
    visited.page.wait_for_selector("body[data-ready=yes]")
    assert visited.page.is_disabled("#mask")
    assert "significant" not in visited.page.inner_text("#reading")
    visited.page.keyboard.press("t")
    assert not visited.state()["masked"]
    assert not visited.complaints


def test_the_frame_of_a_notebook_shows_it(visit, tisc, shape, tmp_path):
    (tmp_path / "notebook.html").write_text(f"<!doctype html><p>cell</p>{explore(tisc, shape)._repr_html_()}")
    visited = visit(tmp_path / "notebook.html")
    frame = visited.page.wait_for_selector("iframe").content_frame()
    frame.wait_for_selector("body[data-ready=yes]")
    assert frame.evaluate("isc.state().size") == 21
    assert not visited.complaints
