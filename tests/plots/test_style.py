import io
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.text import Text

from isc import plots
from isc.plots.quality import QUALITY_COLUMNS
from isc.synchrony.inference import thresholds

SMALLEST_TYPE = 7  # pt
PAGE = 180  # mm


@pytest.fixture
def figures(tisc, shape, agreement, null):
    epochs = pd.DataFrame({"onset": [8.0], "duration": [8.0], "trial_type": ["happiness"]})
    series, window = tisc.sel(vertex=13), tisc.isel(window=6)
    pairs = xr.DataArray(np.linspace(-0.2, 0.5, 40), dims="pair", name="tisc")
    quality = pd.DataFrame({"subject": ["01", "02"]} | {name: [0.1, 0.2] for name in QUALITY_COLUMNS})
    bounds = thresholds(null, tail="two_sided")
    options = {"thresholds": bounds, "significant": series > 0.3, "agreement": agreement, "epochs": epochs}
    return {
        "tisc": plots.plot_tisc(series.where(series["time"] < 30), **options),
        "agreement": plots.plot_agreement(agreement, chance=xr.Dataset({"threshold": 0.4}), epochs=epochs),
        "null": plots.plot_null({"circular_shift": null, "phase": null}, observed=tisc, thresholds={"phase": bounds}),
        **{
            view: plots.plot_face_map(window.where(window["vertex"] != 4), shape, significant=window > 0.3, view=view)
            for view in ("front", "profile", "both")
        },
        "pairs": plots.plot_pair_map(pairs, shape, np.arange(40), np.arange(100, 140)),
        "carpet": plots.plot_carpet(tisc),
        "quality": plots.plot_quality(quality),
    }


def _written(figure):
    """All texts of a figure that are seen, after it was drawn outside the style of this package."""
    figure.draw_without_rendering()
    return [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


def test_no_type_is_smaller_than_seven_points_on_a_page_of_180_mm(figures):
    for name, figure in figures.items():
        assert figure.get_size_inches()[0] * 25.4 <= PAGE + 1e-6, name
        sizes = [text.get_fontsize() for text in _written(figure)]
        assert min(sizes) >= SMALLEST_TYPE, name
        assert max(sizes) <= SMALLEST_TYPE + 1, name


def test_nothing_is_drawn_beyond_the_page(figures):
    for name, figure in figures.items():
        figure.draw_without_rendering()
        drawn, page = figure.get_tightbbox(), figure.bbox_inches
        assert drawn.x0 >= -0.01, name
        assert drawn.y0 >= -0.01, name
        assert drawn.x1 <= page.x1 + 0.01, name
        assert drawn.y1 <= page.y1 + 0.01, name


def test_figures_are_saved_as_pixels_and_as_vectors(figures):
    for figure in figures.values():
        for extension in ("png", "svg", "pdf"):
            file = io.BytesIO()
            figure.savefig(file, format=extension)
            assert file.tell() > 1000


def test_the_users_settings_are_as_before(figures):
    assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"]


def test_the_users_axes_keep_the_users_style(tisc):
    with mpl.rc_context({"font.size": 20}):
        ax = Figure().add_subplot()
        plots.plot_tisc(tisc.sel(vertex=13), ax=ax)
    assert ax.get_legend().get_texts()[0].get_fontsize() > 10


def test_plots_leave_no_state_in_pyplot():
    code = (
        "import sys, numpy as np, xarray as xr; from isc import plots;"
        "plots.plot_tisc(xr.DataArray(np.zeros(3), dims='window', coords={'time': ('window', np.arange(3.0))}));"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
