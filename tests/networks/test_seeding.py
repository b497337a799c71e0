"""Seeds hold inside their block and leave the caller's random numbers and threads as they were."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.networks import build, seeded  # noqa: E402


def test_the_callers_random_numbers_go_on_as_if_nothing_had_been_drawn():
    torch.manual_seed(9)
    expected = torch.rand(2)
    torch.manual_seed(9)
    first = torch.rand(1)
    with seeded(3):
        torch.rand(100)
    assert torch.equal(torch.cat([first, torch.rand(1)]), expected)


def test_threads_are_as_before_also_after_an_error():
    before = torch.get_num_threads()
    with pytest.raises(KeyError), seeded(0, n_threads=before + 1):
        assert torch.get_num_threads() == before + 1
        raise KeyError
    assert torch.get_num_threads() == before


def test_first_weights_are_those_of_the_seed_whatever_was_drawn_before():
    first = build(torch.nn.Linear, 3, 2, seed=4).weight
    torch.rand(7)
    assert torch.equal(first, build(torch.nn.Linear, 3, 2, seed=4).weight)
    assert not torch.equal(first, build(torch.nn.Linear, 3, 2, seed=5).weight)
