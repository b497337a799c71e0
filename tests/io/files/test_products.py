"""A product exists once its sidecar lists its bytes; whatever kills the writer, nobody reads half of one."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from isc.io.files.atomic import DerivativeError, hash_file, remove_leftovers
from isc.io.files.products import is_current, product_key, publishing, read_sidecar, verified_sidecar
from isc.io.layout.names import sidecar_path

KEY = product_key(["ab"], parameters={"window": 5.0}, code_version="1")


def publish(path, content, *, key=KEY):
    """A product of one file, or of a folder of files given by their paths."""
    with publishing(path, {"ProductKey": key}) as temporary:
        if isinstance(content, bytes):
            temporary.write_bytes(content)
            return
        for name, part in content.items():
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            (temporary / name).write_bytes(part)


CHUNKS = {"zarr.json": b"{}", "tisc/c/0/0": b"chunk", "tisc/c/0/1": b"other"}


@pytest.fixture(params=["task-film_desc-win5000ms_tisc.nc", "task-film_desc-vertices_cube.zarr"])
def product(request, tmp_path):
    path = tmp_path / request.param
    publish(path, b"content" if path.suffix == ".nc" else CHUNKS)
    return path


def test_the_sidecar_lists_every_file_with_its_hash(product):
    listed = read_sidecar(product)["Files"]
    files = [product] if product.is_file() else [product / name for name in CHUNKS]
    assert {entry["SHA256"] for entry in listed.values()} == {hash_file(file) for file in files}
    assert verified_sidecar(product)["ProductKey"] == KEY


def test_a_product_takes_the_place_of_an_older_one(product):
    old = read_sidecar(product)["Files"]
    publish(product, b"new" if product.suffix == ".nc" else {"zarr.json": b"new"}, key="2")
    assert verified_sidecar(product)["ProductKey"] == "2"
    assert read_sidecar(product)["Files"] != old
    assert len(os.listdir(product.parent)) == 2


def test_a_product_may_be_a_folder_where_a_file_was(product):
    publish(product, CHUNKS)
    publish(product, b"file")
    assert product.read_bytes() == b"file"


def test_the_sidecar_may_be_filled_while_the_product_is_made(tmp_path):
    sidecar = {}
    with publishing(tmp_path / "x.nc", sidecar) as temporary:
        temporary.touch()
        sidecar["Warnings"] = ["late"]
    assert read_sidecar(tmp_path / "x.nc")["Warnings"] == ["late"]


def test_an_error_while_making_it_leaves_the_old_product(product):
    before = read_sidecar(product)
    with pytest.raises(KeyError), publishing(product, {}) as temporary:
        temporary.write_bytes(b"half")
        raise KeyError
    assert verified_sidecar(product) == before
    assert len(os.listdir(product.parent)) == 2


def test_an_error_of_reading_is_not_called_one_of_writing(tmp_path):
    with pytest.raises(FileNotFoundError), publishing(tmp_path / "x.nc", {}):
        raise FileNotFoundError("the input")


def test_a_sidecar_that_has_no_json_form_leaves_the_old_product(product):
    with pytest.raises(ValueError, match="not JSON compliant"), publishing(product, {"r": float("nan")}) as temporary:
        temporary.write_bytes(b"new")
    verified_sidecar(product)
    assert len(os.listdir(product.parent)) == 2


CHANGES_OF_THE_DISK = ("os.rename", "os.remove", "shutil.rmtree", "os.mkdir")


def publish_and_die(path, content, step):
    """Publish in a process of its own that is killed at the step-th change of the disk; True when it was."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    changes = iter(range(1, 1000))
    sys.addaudithook(
        lambda event, _: event in CHANGES_OF_THE_DISK and next(changes) == step and os.kill(os.getpid(), signal.SIGKILL)
    )
    try:
        publish(path, content, key="new")
    finally:
        os._exit(0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has neither fork nor SIGKILL")
def test_a_writer_killed_at_any_step_leaves_the_old_product_or_none_and_a_rerun_is_clean(product):
    old, new = (b"old", b"new") if product.suffix == ".nc" else (CHUNKS, {"zarr.json": b"new"})
    seen, step, killed = [], 0, True
    while killed:
        step += 1
        publish(product, old)
        killed = publish_and_die(product, new, step)
        found = [key for key in (KEY, "new") if is_current(product, key)]
        seen += found or ["none"]
        if found:
            assert verified_sidecar(product)["ProductKey"] == found[0]
        else:
            with pytest.raises(DerivativeError, match="absent or was never finished"):
                verified_sidecar(product)
        remove_leftovers(product.parent)
        assert not [name for name in os.listdir(product.parent) if name.startswith(".")]
    assert sorted(set(seen), key=seen.index) == [KEY, "none", "new"]
    publish(product, new, key="new")
    assert verified_sidecar(product)["ProductKey"] == "new"
    assert len(os.listdir(product.parent)) == 2


def test_a_product_without_its_sidecar_does_not_exist(product):
    sidecar_path(product).unlink()
    assert not is_current(product, KEY)
    with pytest.raises(DerivativeError, match=f"{product.name} has no sidecar"):
        verified_sidecar(product)


@pytest.mark.parametrize("content", ["", "{", "{}", '{"Files": 3}', '{"Files": {"x": 3}}', '{"Files": NaN}'])
def test_a_damaged_sidecar_is_no_sidecar(product, content):
    sidecar_path(product).write_text(content)
    assert not is_current(product, KEY)
    with pytest.raises(DerivativeError, match="make .*again"):
        read_sidecar(product)


def files_of(product):
    return [product] if product.is_file() else [product / name for name in CHUNKS]


def test_a_flipped_bit_is_found_and_the_file_named(product):
    for file in files_of(product):
        good = file.read_bytes()
        file.write_bytes(bytes([good[0] ^ 1]) + good[1:])
        with pytest.raises(DerivativeError, match=f"{file.name} of {product.name} was changed or damaged"):
            verified_sidecar(product)
        file.write_bytes(good)
    verified_sidecar(product)


def test_a_missing_file_is_found_and_named(product):
    for file in files_of(product):
        good = file.read_bytes()
        file.unlink()
        assert not is_current(product, KEY)
        with pytest.raises(DerivativeError, match=f"{file.name} of {product.name} is missing"):
            verified_sidecar(product)
        file.write_bytes(good)


def test_a_file_that_was_cut_is_found_and_named(product):
    file = files_of(product)[-1]
    file.write_bytes(file.read_bytes()[:-1])
    assert not is_current(product, KEY)
    with pytest.raises(DerivativeError, match=f"{file.name} of {product.name} was changed or damaged"):
        verified_sidecar(product)


def test_a_chunk_too_much_is_found_and_a_file_of_the_desktop_is_not(tmp_path):
    path = tmp_path / "cube.zarr"
    publish(path, CHUNKS)
    (path / ".DS_Store").touch()
    verified_sidecar(path)
    (path / "tisc" / "c" / "0" / "7").touch()
    with pytest.raises(DerivativeError, match="tisc/c/0/7 of cube.zarr is not in its sidecar"):
        verified_sidecar(path)


def test_a_product_is_current_for_its_own_key_only(product):
    assert is_current(product, KEY)
    assert not is_current(product, product_key(["ab"], parameters={"window": 6.0}, code_version="1"))
    assert not is_current(product.with_name("other.nc"), KEY)


def test_an_output_that_is_a_link_is_not_written(tmp_path):
    (tmp_path / "x.nc").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DerivativeError, match="x.nc is a symbolic link"):
        publish(tmp_path / "x.nc", b"new")


def test_a_key_changes_with_inputs_parameters_and_code_and_with_nothing_else(tmp_path):
    video = tmp_path / "video.mp4"
    video.write_bytes(b"a")
    key = product_key([video], parameters={"window": 5.0, "tail": {"b": 1, "a": 2}}, code_version="1")
    same = {"parameters": {"tail": {"a": 2, "b": 1}, "window": 5.0}, "code_version": "1"}
    assert product_key([video], **same) == key
    assert product_key([hash_file(video)], **same) == key
    assert product_key([video], **{**same, "code_version": "2"}) != key
    assert product_key([video], **{**same, "parameters": {"window": 5.0}}) != key
    assert product_key([video, video], **same) != key
    os.utime(video, (0, 0))
    assert product_key([video], **same) == key
    video.write_bytes(b"b")
    assert product_key([video], **same) != key


def test_a_key_of_a_zarr_input_changes_with_its_chunks(tmp_path):
    path = tmp_path / "cube.zarr"
    publish(path, CHUNKS)
    key = product_key([path], parameters={}, code_version="1")
    publish(path, CHUNKS, key="made with other parameters")
    assert product_key([path], parameters={}, code_version="1") == key
    publish(path, {**CHUNKS, "zarr.json": b"[]"})
    assert product_key([path], parameters={}, code_version="1") != key


def test_a_key_needs_parameters_that_json_has():
    with pytest.raises(ValueError, match="not JSON compliant"):
        product_key([], parameters={"r": float("inf")}, code_version="1")
    with pytest.raises(TypeError, match="has no JSON form"):
        product_key([], parameters={"r": Path("x")}, code_version="1")


def test_a_sidecar_is_text_for_people(product):
    text = sidecar_path(product).read_text()
    assert json.loads(text)["ProductKey"] == KEY
    assert text.count("\n") > 5
