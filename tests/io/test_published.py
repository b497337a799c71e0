"""Published data are taken from this machine when they are there, checked, and fetched when they are not."""

import hashlib
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from isc.io.published import PublishedData, PublishedDataError, find_published, local_copy

CONTENT = b"start,end\n1,2\n"
HASH = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    monkeypatch.setenv("ISC_DATA", str(tmp_path / "isc-data"))
    monkeypatch.setenv("ISC_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def place(tmp_path):
    def put(folder, content=CONTENT):
        target = tmp_path / folder
        target.mkdir(parents=True, exist_ok=True)
        (target / "a.csv").write_bytes(content)
        return target

    return put


@pytest.fixture
def server(tmp_path):
    """Address of a web server on this machine that serves a folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path / "web"))

        def log_message(self, *args):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}/data"
    running.shutdown()
    running.server_close()


def data(address="http://127.0.0.1:1", sha256=HASH):
    return PublishedData("ratings", address, {"a.csv": sha256}, "CC0")


def test_a_folder_that_is_given_goes_before_isc_data(place):
    elsewhere, mine = place("isc-data/ratings"), place("mine")
    assert find_published(data()) == elsewhere
    assert find_published(data(), mine) == mine
    assert find_published(data(), place("more/ratings").parent).name == "ratings"


def test_a_folder_that_is_given_is_the_only_place(place, tmp_path):
    place("isc-data/ratings")
    with pytest.raises(PublishedDataError, match="has no a.csv ..., the files of ratings"):
        find_published(data(), tmp_path / "mine")


def test_a_local_copy_with_another_hash_is_refused(place):
    place("isc-data/ratings", b"changed")
    with pytest.raises(PublishedDataError, match="a.csv has the SHA-256 .* not the published"):
        local_copy(data())


def test_what_is_not_here_is_fetched_once_and_kept(place, server, tmp_path):
    place("web/data")
    folder = find_published(data(server))
    assert (folder / "a.csv").read_bytes() == CONTENT
    assert folder == tmp_path / "cache" / "ratings"
    place("web/data", b"changed")
    assert (find_published(data(server)) / "a.csv").read_bytes() == CONTENT


def test_a_file_that_is_fetched_with_another_hash_is_thrown_away(place, server, tmp_path):
    place("web/data", b"changed")
    with pytest.raises(PublishedDataError, match="wrong SHA-256, thrown away.*--data or ISC_DATA"):
        find_published(data(server))
    assert not (tmp_path / "cache" / "ratings" / "a.csv").exists()


def test_without_network_the_error_is_one_line_that_says_what_to_do():
    with pytest.raises(PublishedDataError, match="a.csv of ratings was not found on this machine") as caught:
        find_published(data())
    assert "\n" not in str(caught.value)
