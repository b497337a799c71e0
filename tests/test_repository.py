"""What is tracked in git may be published: no address, no machine path, no recording, no picture of a person."""

import json
import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
LARGEST_FILE = 1_000_000  # bytes
LONGEST_EMBEDDED_PICTURE = 2_000  # base64 characters: enough for an icon, not for a face

REGISTRY_ADDRESS = re.compile(
    rb"pypi\.org|pythonhosted\.org|registry\.npmjs|registry\.yarnpkg|deb\.debian\.org|snapshot\.debian|conda\.anaconda\.org"
    rb"|--(?:extra-)?index-url|--find-link[s]"
)
MACHINE_PATH = re.compile(rb"(?<![\w.])/(?:work|root|tmp|home/\w+|Users/\w+)/|\b[A-Za-z]:\\\\?Users\\")
EMBEDDED_PICTURE = re.compile(rb"data:(?:image|video)/[\w.+-]+;base64,[A-Za-z0-9+/]{%d}" % LONGEST_EMBEDDED_PICTURE)

# Figures are drawn, so they are vector graphics or PNG and live in one folder; photographs and films are JPEG and MP4.
FOLDER_OF_FIGURES = "docs/figures/"
PNG = b"\x89PNG"
PICTURES_AND_FILMS = {
    "PNG": re.compile(re.escape(PNG)),
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "GIF": re.compile(rb"GIF8"),
    "TIFF": re.compile(rb"II\*\x00|MM\x00\*"),
    "WebP or AVI": re.compile(rb"RIFF.{4}(?:WEBP|AVI )", re.DOTALL),
    "MP4, MOV or HEIC": re.compile(rb".{4}ftyp", re.DOTALL),
    "Matroska or WebM": re.compile(rb"\x1aE\xdf\xa3"),
}


def names_a_registry(content: bytes) -> bool:
    return REGISTRY_ADDRESS.search(content) is not None


def names_a_path_of_a_machine(content: bytes) -> bool:
    return MACHINE_PATH.search(content) is not None


def shows_a_picture(path: str, content: bytes) -> bool:
    """Tell whether a file is a film or a picture outside the folder of figures, or carries one as text."""
    if path.startswith(FOLDER_OF_FIGURES) and content.startswith(PNG):
        return False
    is_picture = any(signature.match(content) for signature in PICTURES_AND_FILMS.values())
    return is_picture or EMBEDDED_PICTURE.search(content) is not None


def has_outputs(notebook: bytes) -> bool:
    return any(cell.get("outputs") for cell in json.loads(notebook)["cells"])


@pytest.fixture(scope="module")
def tracked() -> dict[str, bytes]:
    """Content of every file that git tracks here, by its path; skipped outside a checkout."""
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    paths = [path for path in listed.split("\0") if path and (REPOSITORY / path).is_file()]
    return {path: (REPOSITORY / path).read_bytes() for path in paths}


@pytest.mark.parametrize(
    "text", [b"https://pypi" + b".org/simple", b"files.pythonhosted" + b".org", b"pip install --index" + b"-url x"]
)
def test_a_registry_address_is_recognised(text):
    assert names_a_registry(text)


@pytest.mark.parametrize("folder", ["work", "root", "tmp", "home/anna", "Users/anna"])
def test_a_path_of_a_machine_is_recognised(folder):
    assert names_a_path_of_a_machine(f'data = "/{folder}/study"'.encode())
    assert not names_a_path_of_a_machine(f"https://example.org/{folder}/study".encode())


@pytest.mark.parametrize(
    "content",
    [b"\xff\xd8\xff\xe0", b"\x00\x00\x00\x20ftypisom", b"\x89PNG\r\n", b"src='data:image/png;base64," + b"A" * 2000],
)
def test_a_picture_is_recognised(content):
    assert shows_a_picture("isc/report/page.html", content)
    assert not shows_a_picture("isc/report/page.html", b"data:image/svg+xml;base64,PHN2Zz4=")


def test_a_drawn_figure_is_allowed_in_the_folder_of_figures():
    assert not shows_a_picture("docs/figures/null.png", PNG)
    assert shows_a_picture("docs/figures/null.jpg", b"\xff\xd8\xff\xe0")


def test_a_notebook_with_outputs_is_recognised():
    assert has_outputs(b'{"cells": [{"cell_type": "code", "outputs": [{"output_type": "stream"}]}]}')
    assert not has_outputs(b'{"cells": [{"cell_type": "code", "outputs": []}, {"cell_type": "markdown"}]}')


def test_no_tracked_file_names_a_registry(tracked):
    assert not [path for path, content in tracked.items() if names_a_registry(content)]


def test_no_tracked_file_names_a_path_of_a_machine(tracked):
    assert not [path for path, content in tracked.items() if names_a_path_of_a_machine(content)]


def test_no_tracked_file_is_larger_than_a_megabyte(tracked):
    assert not [path for path, content in tracked.items() if len(content) > LARGEST_FILE]


def test_no_tracked_file_shows_a_person(tracked):
    assert not [path for path, content in tracked.items() if shows_a_picture(path, content)]


def test_no_tracked_notebook_has_outputs(tracked):
    assert not [path for path, content in tracked.items() if path.endswith(".ipynb") and has_outputs(content)]


def test_the_files_that_a_newcomer_needs_are_tracked(tracked):
    needed = {
        "README.md",
        "LICENSE",
        "NOTICE",
        "CITATION.cff",
        "Makefile",
        "constraints.txt",
        "environment.yml",
        ".ci/run",
    }
    assert not needed - tracked.keys()
