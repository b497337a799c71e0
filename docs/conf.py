"""Sphinx: pages in MyST markdown, the reference from docstrings. Nothing is executed but the imports of autodoc."""

from pathlib import Path
from typing import Any

import isc

project = "isc-toolkit"
author = "The isc-toolkit developers"
release = isc.__version__
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
autosummary_generate = True
autodoc_typehints = "none"  # numpydoc says them
numpydoc_show_class_members = False
html_theme = "alabaster"
html_theme_options = {
    "description": "Inter-subject synchrony of faces",
    "page_width": "1100px",
    "sidebar_width": "230px",
}
html_show_sphinx = False
html_show_copyright = False

# Stages by the part of the package that a name lives in; a new public name finds its place by itself.
STAGES = {
    "isc.io": "Recordings, logs and ratings in",
    "isc.preprocessing": "From recordings to cubes",
    "isc.synchrony": "Synchrony and its tests",
    "isc.behaviour": "What people report",
    "isc.classification": "Classification of expressions",
    "isc.plots": "Figures",
    "isc.report": "Pages",
    "isc.simulate": "Data with known answers",
    "isc.study": "Settings of a study",
    "isc.stages": "A study or a cube as a whole",
}


def reference_page() -> str:
    """Every public name with its first line, by stage."""
    parts: dict[str, list[str]] = {stage: [] for stage in STAGES}
    for name in isc.__all__:
        if name != "__version__":
            home = getattr(isc, name).__module__
            parts[next(stage for stage in STAGES if home.startswith(stage))].append(name)
    text = [
        "Reference",
        "=========",
        "",
        "Names of ``isc``, by stage. All take and return labelled arrays (xarray).",
        "",
    ]
    for stage, names in parts.items():
        if names:
            heading = STAGES[stage]
            text += [heading, "-" * len(heading), "", ".. currentmodule:: isc", "", ".. autosummary::"]
            text += ["   :toctree: api", "   :nosignatures:", "", *(f"   {name}" for name in sorted(names)), ""]
    return "\n".join(text)


def setup(app: Any) -> None:
    """Write the reference before the sources are read."""
    Path(app.srcdir, "reference.rst").write_text(reference_page(), encoding="utf-8")
