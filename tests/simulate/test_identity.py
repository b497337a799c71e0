"""Generated people differ from one another and stay themselves."""

import numpy as np

from isc.simulate.identity import make_identity, shape_fields
from isc.simulate.portrait import load_portrait
from isc.simulate.topology import FACE_OVAL, LIP_LOWER, LIP_UPPER, NOSE_WINGS


def test_the_same_index_and_seed_give_the_same_person():
    first, again = make_identity(3, seed=1), make_identity(3, seed=1)
    assert np.array_equal(first.neutral, again.neutral)
    assert np.array_equal(first.image, again.image)
    assert first.shape == again.shape


def test_another_index_or_seed_gives_another_person():
    someone = make_identity(3, seed=1)
    for other in (make_identity(4, seed=1), make_identity(3, seed=2)):
        assert np.abs(other.neutral - someone.neutral).max() > 0.02
        assert not np.array_equal(other.image, someone.image)


def test_the_shape_is_the_neutral_face_plus_the_weighted_fields():
    person = make_identity(5)
    expected = load_portrait().neutral[:, :2] + sum(
        person.shape[name] * field for name, field in shape_fields().items()
    )
    assert np.allclose(person.neutral[:, :2], expected)
    assert max(map(abs, person.shape.values())) <= 1.8


def test_shape_fields_do_what_their_names_say():
    fields = shape_fields()
    across = fields["face_width"][FACE_OVAL, 0] * load_portrait().neutral[FACE_OVAL, 0]
    assert (across[np.abs(across) > 1e-4] > 0).all()
    assert (fields["nose_width"][NOSE_WINGS[1], 0] > 0.02).all()
    chin, forehead = 152, 10
    assert fields["chin_length"][chin, 1] > 0.04 > 0.001 > abs(fields["chin_length"][forehead, 1])
    assert fields["forehead"][forehead, 1] < -0.03
    assert fields["mouth_height"][LIP_UPPER[0, 5], 1] > 0.02
    assert fields["lip_fullness"][LIP_LOWER[0, 5], 1] > fields["lip_fullness"][LIP_UPPER[0, 5], 1]


def test_every_second_person_is_mirrored():
    assert [make_identity(index).mirrored for index in range(4)] == [False, True, False, True]
