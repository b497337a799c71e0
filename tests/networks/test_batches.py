"""What is drawn: every sample once an epoch, tables in their shares, the same again from a seed."""

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.classification.image_corpora import aff_wild2_frames, expw_faces  # noqa: E402
from isc.networks import ArrayTable, Batches, PictureTable  # noqa: E402

CLASSES = ["neutral", "angry", "disgust", "fearful", "happy", "sad", "surprised"]


def numbered(n, first=0):
    return ArrayTable(number=np.arange(first, first + n))


def drawn(batches, n):
    return [batches.batch(k)["number"].tolist() for k in range(n)]


def test_every_sample_comes_once_an_epoch_whatever_the_size_of_a_batch():
    flat = np.concatenate(drawn(Batches(numbered(10), size=4, seed=1), 10))
    for epoch in range(4):
        assert sorted(flat[10 * epoch : 10 * epoch + 10]) == list(range(10))
    assert flat[:10].tolist() != flat[10:20].tolist()


def test_a_batch_depends_on_seed_and_iteration_only():
    first, again, other = (Batches(numbered(30), size=7, seed=seed) for seed in (1, 1, 2))
    late = again.batch(5)["number"].tolist()
    assert drawn(first, 6)[5] == late != drawn(other, 6)[5]


def test_merged_tables_give_each_sample_as_often_as_any_other():
    flat = np.concatenate(drawn(Batches(numbered(5), numbered(15, 100), size=4), 5))
    assert sorted(flat) == [*range(5), *range(100, 115)]


def test_shares_decide_what_a_table_gives_to_every_batch():
    batches = Batches(numbered(3), numbered(50, 100), size=8, shares=(1, 3))
    for numbers in drawn(batches, 10):
        assert sum(n < 100 for n in numbers) == 2
    flat = np.concatenate(drawn(batches, 12))
    assert np.bincount(flat[flat < 100]).tolist() == [8, 8, 8]


def test_augmentation_is_drawn_anew_in_every_iteration_and_the_same_again():
    def add(batch, rng):
        return {"number": batch["number"] + rng.integers(1, 1000)}

    one, two = (Batches(numbered(1), size=1, augment=add) for _ in range(2))
    assert drawn(one, 5) == drawn(two, 5)
    assert len({n for numbers in drawn(one, 5) for n in numbers}) > 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "a size of at least 1; given 1 and 0"),
        ({"size": 4, "shares": (1, 1)}, "shares are 1 positive numbers"),
    ],
)
def test_batches_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Batches(numbered(3), **options)


def test_a_share_that_rounds_to_nothing_is_refused():
    with pytest.raises(ValueError, match="leave a table without a sample in a batch of 4; enlarge"):
        Batches(numbered(3), numbered(3), size=4, shares=(1, 100))


def test_arrays_of_a_table_have_one_length():
    with pytest.raises(ValueError, match="the same number of samples, at least one"):
        ArrayTable(input=np.zeros(3), code=np.zeros(2))


def picture(path, colour):
    import cv2

    image = np.zeros((20, 30, 3), np.uint8)
    image[5:15, 10:20] = colour[::-1]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)


@pytest.fixture
def aff_wild2(tmp_path):
    """Two frames with a label, one without, in the published files."""
    notes, frames = tmp_path / "annotations" / "Train_Set", tmp_path / "cropped_aligned"
    notes.mkdir(parents=True)
    (notes / "video1.txt").write_text("Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise\n0\n-1\n4\n")
    for number in (1, 2, 3):
        picture(frames / "video1" / f"{number:05d}.png", (200, 0, 0))
    return aff_wild2_frames(notes, frames).clips, frames


@pytest.fixture
def expw(tmp_path):
    """A picture with the box of a face, in the published list."""
    picture(tmp_path / "expw" / "image" / "man_1.png", (0, 200, 0))
    (tmp_path / "expw" / "label.lst").write_text("man_1.png 0 5 10 20 15 50.1 6\n")
    return expw_faces(tmp_path / "expw").clips, tmp_path / "expw"


def test_aff_wild2_and_expw_are_mixed_in_one_training_set(aff_wild2, expw):
    first, second = PictureTable(*aff_wild2, CLASSES, size=10), PictureTable(*expw, CLASSES, size=10)
    batch = Batches(first, second, size=3).batch(0)
    assert batch["input"].shape == (3, 10, 10, 3) and batch["input"].dtype == torch.uint8
    assert sorted(batch["code"].tolist()) == [0, 0, 4]


def test_the_box_of_expw_is_cut_out_before_scaling(expw):
    face = PictureTable(*expw, CLASSES, size=8).batch(np.array([0]))
    assert (face["input"][0, :, :, 1] > 150).all() and (face["input"][0, :, :, 0] < 60).all()
    assert face["code"].tolist() == [CLASSES.index("neutral")]


def test_a_box_outside_the_picture_is_refused(expw):
    clips, folder = expw
    outside = PictureTable(clips.assign(top=100.0, bottom=120.0), folder, CLASSES)
    with pytest.raises(ValueError, match="is not in the picture"):
        outside.batch(np.array([0]))


def test_pictures_need_paths_and_known_labels(tmp_path):
    with pytest.raises(ValueError, match="pictures need rows with path and label"):
        PictureTable(pd.DataFrame({"label": ["sad"]}), tmp_path, CLASSES)
    with pytest.raises(ValueError, match="label 'other' is not among the classes"):
        PictureTable(pd.DataFrame({"path": ["a.png"], "label": ["other"]}), tmp_path, CLASSES)
