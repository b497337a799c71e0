"""The pages of the documentation run, lead somewhere and leave nothing out."""

import re
from pathlib import Path

import matplotlib
import pytest

import isc
from isc.study import Study, format_study

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = sorted(DOCS.glob("*.md"))
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def _blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def test_the_tutorial_runs_from_top_to_bottom(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    with matplotlib.rc_context({"svg.hashsalt": "0"}):
        for block in _blocks(DOCS / "tutorial.md"):
            exec(compile(block, "tutorial.md", "exec"), names)
    assert "cells pass circular shift and sign flip" in capsys.readouterr().out
    assert (tmp_path / "tisc.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert bool(names["result"]["significant"].any())


def test_the_page_of_settings_has_the_defaults_in_force():
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert text.split("```toml\n")[1].split("```")[0] == format_study(Study())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_and_pictures_lead_to_files_that_are_there(page):
    targets = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target]
    assert [target for target in targets if not (DOCS / target).is_file()] == []


def test_every_page_is_in_the_contents():
    listed = re.search(r"```\{toctree\}\n.*?\n\n(.*?)```", (DOCS / "index.md").read_text(), re.DOTALL)[1].split()
    assert {page.stem for page in PAGES} - {"index"} <= set(listed)


def test_every_figure_is_in_the_gallery():
    shown = set(re.findall(r"figures/(\w+)\.png", (DOCS / "gallery.md").read_text(encoding="utf-8")))
    assert shown == {path.stem for path in (DOCS / "figures").glob("*.png")}


def test_every_plot_is_named_in_the_gallery():
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    assert [name for name in isc.__all__ if name.startswith("plot_") and f"isc.{name}`" not in text] == []


def test_every_notebook_is_listed():
    text = (DOCS / "notebooks.md").read_text(encoding="utf-8")
    notebooks = sorted((DOCS.parent / "notebooks").glob("*.ipynb"))
    assert [path.stem for path in notebooks if f"`{path.stem}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_names_of_the_package_that_a_page_mentions_exist(page):
    named = set(re.findall(r"`isc\.([a-z_]\w*|[A-Z]\w*)", page.read_text(encoding="utf-8")))
    modules = {"mesh", "simulate", "io", "plots", "plot_", "classification", "networks"}
    assert [name for name in named - modules if not hasattr(isc, name)] == []
