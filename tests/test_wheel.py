"""The built package holds everything that is read at run time."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CACHES = ("__pycache__", ".nbi", ".nbc")
RENDER = """
import sys
from pathlib import Path
import isc
from isc.report import ReportContent, render_report
from isc.report.page import page_environment
from isc.io.files.sidecars import read_dictionary
assert Path(isc.__file__).is_relative_to(sys.argv[1]), isc.__file__
assert "<h1>Pilot</h1>" in render_report(ReportContent(title="Pilot"))
assert page_environment().get_template("explorer/explorer.html")
assert read_dictionary("tisc")["LongName"]
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The package as it is published."""
    build = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    return Path(next(iter(build.WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"]))))


def test_every_file_of_the_package_and_its_dictionary_is_in_the_wheel(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    files = [path for folder in ("isc", "data_dictionary") for path in (ROOT / folder).rglob("*") if path.is_file()]
    names = [path.relative_to(ROOT).as_posix() for path in files if not any(cache in str(path) for cache in CACHES)]
    assert {Path(name).suffix for name in names} >= {".py", ".html", ".css", ".js", ".json", ".txt"}
    wanted = {f"isc/{name}" if name.startswith("data_dictionary/") else name for name in names}
    assert sorted(wanted - inside) == []
    assert not [name for name in inside if any(cache in name for cache in CACHES) or name.startswith("tests/")]


def test_an_unpacked_wheel_renders_a_page_from_another_folder(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = f"import sys; sys.path.insert(0, sys.argv[1])\n{RENDER}"
    words = [sys.executable, "-c", code, str(tmp_path / "site")]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
