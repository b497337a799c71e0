"""The figures of the gallery look as they did, and can be exported for print."""

import importlib
import re
import sys
from io import BytesIO
from pathlib import Path

import pytest
from matplotlib.testing.compare import compare_images

from isc import plots

DOCS = Path(__file__).resolve().parents[2] / "docs"
# Root mean square of the difference, of 255: letters may differ by a shade between versions of freetype. A missing
# line or legend is about 5 and more.
TOLERANCE = 3.0


def _gallery():
    sys.path.insert(0, str(DOCS))  # where a script finds the files beside it
    try:
        return importlib.import_module("gallery")
    finally:
        sys.path.remove(str(DOCS))


GALLERY = _gallery()


@pytest.mark.parametrize("name", GALLERY.FIGURES)
def test_a_figure_looks_as_it_did(name, tmp_path):
    """If the change is wanted, look at the figure and run docs/gallery.py."""
    drawn = tmp_path / f"{name}.png"
    GALLERY.FIGURES[name]().savefig(drawn, dpi=GALLERY.DPI)
    kept = tmp_path / f"{name}_kept.png"
    kept.write_bytes((GALLERY.FOLDER / f"{name}.png").read_bytes())  # the difference is written beside it
    assert compare_images(str(kept), str(drawn), tol=TOLERANCE) is None


def test_every_public_plot_has_a_picture_that_the_gallery_page_shows():
    drawn = {name.removeprefix("plot_") for name in plots.__all__}
    assert drawn == set(GALLERY.FIGURES)
    page = (DOCS / "gallery.md").read_text(encoding="utf-8")
    assert {name for name in drawn if f"figures/{name}.png" not in page or f"plot_{name}`" not in page} == set()


def test_there_is_no_picture_of_a_figure_that_is_not_drawn():
    assert {path.stem for path in GALLERY.FOLDER.glob("*.png")} == set(GALLERY.FIGURES)


@pytest.mark.parametrize("name", ["face_map", "tisc"])
def test_a_figure_is_exported_as_vectors_with_letters_that_can_be_edited(name):
    import matplotlib

    figure = GALLERY.FIGURES[name]()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(svg := BytesIO(), format="svg")
    text = svg.getvalue().decode()
    assert "<image" not in text
    assert re.search(r"<text[^>]*>[^<]*t-ISC", text)
    figure.savefig(pdf := BytesIO(), format="pdf")
    assert b"/Subtype /Image" not in pdf.getvalue()
    assert b"/CIDFontType2" in pdf.getvalue() and b"/Type3" not in pdf.getvalue()  # TrueType
