"""Patches are cut out where the landmarks are, and mirrored faces have mirrored patches."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.mesh import regions  # noqa: E402
from isc.networks.patches import cut_patches, mirror_patches, mirrored_patches, patch_boxes, patch_names  # noqa: E402


@pytest.fixture
def points(shape):
    """Landmarks of an upright face in a picture of 64 px."""
    flat = shape.values[:, :2]
    low, high = flat.min(axis=0), flat.max(axis=0)
    return (8 + 48 * (flat - low) / (high - low).max())[None]


def test_the_patches_of_a_part_cover_its_landmarks(points):
    boxes = patch_boxes(points)[0]
    for part in ("eye_left", "mouth"):
        own = boxes[[name.startswith(part) for name in patch_names()]]
        place = points[0, regions()[part]]
        inside = ((place[:, None] >= own[:, :2]) & (place[:, None] <= own[:, 2:])).all(axis=2)
        assert inside.any(axis=1).all()


def test_a_patch_shows_what_is_under_its_box(points):
    boxes = patch_boxes(points)
    picture = np.zeros((1, 64, 64, 3), np.uint8)
    place = patch_names().index("mouth_1_1")
    left, top, right, bottom = np.rint(boxes[0, place]).astype(int)
    picture[0, top:bottom, left:right] = 200
    means = cut_patches(picture, boxes).mean(axis=(0, 2, 3, 4))
    assert means.argmax() == place and means[place] > 150
    assert means[patch_names().index("brow_left_0_0")] == 0


def test_beyond_the_edge_the_picture_goes_on():
    picture = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1)
    assert cut_patches(picture, np.array([[[-8.0, -8.0, -4.0, -4.0]]]), size=2).ravel().tolist() == [0, 0, 0, 0]


def test_mirroring_twice_is_the_face_itself_and_left_becomes_right(points):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (1, 64, 64, 3), dtype=np.uint8)
    boxes = patch_boxes(points)
    flipped = boxes.copy()
    flipped[..., 0], flipped[..., 2] = 64 - boxes[..., 2], 64 - boxes[..., 0]
    mirrored = cut_patches(picture[:, :, ::-1], flipped)  # what the boxes show in the mirrored picture
    assert np.abs(mirrored[:, :, :, ::-1].astype(int) - cut_patches(picture, boxes)).max() <= 1
    order = np.array(mirrored_patches())
    assert patch_names()[order[patch_names().index("eye_left_0_0")]] == "eye_right_0_1"
    assert (order[order] == np.arange(14)).all()


def test_the_augmentation_mirrors_some_faces_whole():
    rng = np.random.default_rng(1)
    patches = torch.from_numpy(rng.integers(60, 120, (40, 14, 4, 4, 3)).astype(np.uint8))
    changed = mirror_patches({"input": patches}, np.random.default_rng(2))["input"]
    plain = patches.movedim(-1, -3).float() / 255
    other = plain[:, list(mirrored_patches())].flip(-1)

    def is_like(first, second):
        ratio = first / second
        return (ratio.amax(dim=(1, 2, 3, 4)) - ratio.amin(dim=(1, 2, 3, 4))) < 1e-4

    same, turned = is_like(changed, plain), is_like(changed, other)
    assert (same ^ turned).all() and 10 < int(turned.sum()) < 30


def test_landmarks_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"landmarks have the shape \(sample, 478, 2\); given \(2, 468, 2\)"):
        patch_boxes(np.zeros((2, 468, 2)))
