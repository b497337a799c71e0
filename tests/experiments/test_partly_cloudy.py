"""The experiment on age groups finds synchrony in every group, and its files are explained."""

import json

import pytest

GROUPS = {"ages_3_5": 31, "ages_5_8": 57, "ages_8_13": 34, "ages_13_99": 33}


@pytest.mark.slow
@pytest.mark.external
def test_every_age_group_is_synchronous_and_adults_are_most_alike_to_one_another(run_quick, external_data):
    _, folder = run_quick("partly_cloudy", "--data", external_data)
    found = json.loads((folder / "summary.json").read_text())
    for group, n_person in GROUPS.items():
        assert found[f"{group}/isc_loo/n"] == n_person
        assert found[f"{group}/isc_loo/p"] <= 0.05
        assert found[f"{group}/tisc/significant_share"] > 0
    assert found["within_between/ages_13_99-ages_3_5/p"] <= 0.05


def test_groups_are_called_like_the_published_files(load):
    module = load("partly_cloudy")
    assert set(module.PUBLISHED.sha256) == {
        module.FILE.format(name.replace("_", "", 1).replace("_", "-")) for name in GROUPS
    }
    assert [module._title(name) for name in GROUPS] == ["3-5 years", "5-8 years", "8-13 years", "13+ years"]
