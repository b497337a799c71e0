"""Published weights are read without running anything, and a misfit is named."""

import os
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.networks import load_weights, read_weights  # noqa: E402
from isc.networks.checkpoints import write_arrays  # noqa: E402

WEIGHTS = {"weight": torch.arange(6.0).view(3, 2), "bias": torch.ones(3)}


def save(path, weights=WEIGHTS, how="torch"):
    if how == "torch":
        torch.save(weights, path)
    elif how == "npz":
        write_arrays(path, weights)
    else:
        path.write_bytes(pickle.dumps({name: tensor.numpy() for name, tensor in weights.items()}, protocol=2))
    return path


@pytest.mark.parametrize(("name", "how"), [("a.pth", "torch"), ("a.npz", "npz"), ("a.pkl", "pickle")])
def test_all_published_kinds_of_files_are_read(tmp_path, name, how):
    model = torch.nn.Linear(2, 3)
    assert load_weights(model, save(tmp_path / name, how=how)) == []
    assert torch.equal(model.weight, WEIGHTS["weight"])


@pytest.mark.parametrize("wrap", [lambda w: {"state_dict": w, "epoch": 3},
                                  lambda w: {"model": {f"module.{n}": t for n, t in w.items()}}])  # fmt: skip
def test_what_training_scripts_wrap_around_weights_is_taken_off(tmp_path, wrap):
    assert set(read_weights(save(tmp_path / "a.pth", wrap(WEIGHTS)))) == {"weight", "bias"}


class Trap:
    def __reduce__(self):
        return (os.system, ("touch trapped",))


def test_a_file_that_would_run_code_is_refused_and_does_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"weight": Trap()}))
    with pytest.raises(ValueError, match=r"cannot|no file of weights .* it names (posix|nt).system, which is no array"):
        read_weights(tmp_path / "a.pkl")
    assert not (tmp_path / "trapped").exists()


def test_files_that_hold_no_weights_are_refused(tmp_path):
    (tmp_path / "a.pth").write_text("hello")
    with pytest.raises(ValueError, match="a.pth is no file of weights"):
        read_weights(tmp_path / "a.pth")
    with pytest.raises(ValueError, match="b.pth holds no named arrays"):
        read_weights(save(tmp_path / "b.pth", {"epoch": 3}))
    with pytest.raises(ValueError, match=r"there is no file c.pth; give the path"):
        read_weights(tmp_path / "c.pth")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"weight": WEIGHTS["weight"]}, "1 missing: bias"),
        (WEIGHTS | {"fc.weight": torch.ones(1)}, "1 unexpected: fc.weight"),
        (WEIGHTS | {"bias": torch.ones(4)}, r"1 of another shape: bias \(4,\) for \(3,\)"),
        ({f"x{n}": torch.ones(1) for n in range(9)}, "2 missing: bias, weight; 9 unexpected: x0, x1, x2, x3 ..."),
    ],
)
def test_what_does_not_fit_is_named_and_the_network_stays_as_it_was(tmp_path, weights, message):
    model = torch.nn.Linear(2, 3)
    before = model.weight.detach().clone()
    with pytest.raises(ValueError, match=message):
        load_weights(model, save(tmp_path / "a.pth", weights))
    assert torch.equal(model.weight, before)


def test_names_are_translated_and_a_head_of_other_classes_is_left_out(tmp_path):
    model = torch.nn.ModuleDict({"body": torch.nn.Linear(2, 3), "head": torch.nn.Linear(3, 7)})
    published = {f"fc1.{n}": t for n, t in WEIGHTS.items()} | {
        "out.weight": torch.ones(9, 3),
        "out.bias": torch.ones(9),
    }
    keys = [(r"^fc1\.", "body."), (r"^out\.", "head.")]
    kept = load_weights(model, save(tmp_path / "a.pth", published), key_map=keys, without=("head",))
    assert kept == ["head.weight", "head.bias"] and torch.equal(model["body"].weight, WEIGHTS["weight"])


def test_numbers_of_another_precision_are_converted(tmp_path):
    model = torch.nn.Linear(2, 3)
    load_weights(model, save(tmp_path / "a.pth", {n: t.double() for n, t in WEIGHTS.items()}))
    assert model.weight.dtype == torch.float32


def test_an_npz_file_with_pickled_objects_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", weight=np.array([Trap()], dtype=object))
    with pytest.raises(ValueError, match="a.npz cannot be read"):
        read_weights(tmp_path / "a.npz")
