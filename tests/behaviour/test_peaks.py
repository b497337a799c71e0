"""Peaks of continuous ratings: where they are, what a gap does, what is refused."""

import numpy as np
import pytest
import xarray as xr

from isc.behaviour import find_peaks, valid_intervals

TIME = np.arange(0, 60, 0.1)


def rating(*centres, width=1.0, level=100.0):
    values = sum(level * np.exp(-((TIME - c) ** 2) / (2 * width**2)) for c in centres)
    return xr.DataArray(values, dims="time", coords={"time": TIME, "subject": "sub-01"})


def test_local_maxima_are_found_where_they_are():
    found = find_peaks(rating(10, 30, 45))
    assert found["onset"].values == pytest.approx([10, 30, 45])
    assert found["height"].values == pytest.approx(100, abs=1e-6)


def test_shift_and_scale_of_a_rating_do_not_matter():
    assert find_peaks(3 * rating(10, 30) - 7)["onset"].tolist() == find_peaks(rating(10, 30))["onset"].tolist()


def test_the_higher_of_two_close_maxima_stays():
    close = rating(20, width=0.4) + 0.8 * rating(22, width=0.4)
    assert find_peaks(close, distance=1.0)["onset"].tolist() == pytest.approx([20, 22])
    assert find_peaks(close, distance=2.5)["onset"].tolist() == pytest.approx([20])


def test_a_flat_rating_has_no_peak_and_a_small_ripple_is_none():
    assert find_peaks(0 * rating(10)).empty
    assert len(find_peaks(rating(10) + 0.5 * np.sin(TIME))) == 1


def test_time_at_the_top_of_the_scale_is_a_peak_with_a_duration():
    clipped = rating(20, width=4).clip(max=50)
    found = find_peaks(clipped, method="at_maximum", maximum=50)
    assert len(found) == 1
    half = 4 * np.sqrt(2 * np.log(2))
    assert found["onset"][0] == pytest.approx(20 - half, abs=0.2)
    assert found["duration"][0] == pytest.approx(2 * half, abs=0.3)


def test_missing_stretches_have_no_peaks_and_bound_the_valid_intervals():
    gap = rating(10, 30).where((TIME < 25) | (TIME > 40))
    assert find_peaks(gap)["onset"].tolist() == pytest.approx([10])
    assert valid_intervals(gap)[["start", "stop"]].values == pytest.approx(np.array([[0, 25], [40.1, 60]]), abs=0.11)


def test_without_a_maximum_everybody_has_their_own():
    both = xr.concat([rating(20, width=4).clip(max=50), rating(40, width=4).clip(max=80)], dim="subject")
    found = find_peaks(both.assign_coords(subject=["b", "a"]), method="at_maximum")
    assert found["subject"].tolist() == ["a", "b"]
    assert found["height"].tolist() == [80, 50]
    assert found["prominence"].isna().all()


def test_prominence_is_in_standard_deviations_of_the_whole_rating():
    found = find_peaks(rating(30))
    assert found["prominence"][0] == pytest.approx(100 / rating(30).std().item(), rel=1e-6)
    assert find_peaks(rating(30), prominence=found["prominence"][0] + 0.01).empty


def test_a_rating_that_is_missing_throughout_has_no_interval():
    nobody = rating(10) * np.nan
    assert find_peaks(nobody).empty and find_peaks(nobody, method="at_maximum").empty
    assert valid_intervals(nobody).empty
    assert list(find_peaks(nobody).columns) == ["subject", "onset", "duration", "height", "prominence"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prominence": 0}, "must be positive, not 0 and 2.5"),
        ({"distance": -1}, "must be positive, not 1.0 and -1"),
        ({"method": "x"}, "method must be one of .*, not 'x'"),
    ],
)
def test_settings_out_of_range_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        find_peaks(rating(10), **options)


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        (rating(10).expand_dims("channel"), r"must have dims \(time\) or \(subject, time\)"),
        (rating(10).drop_vars("subject"), "needs the coordinates time .* it has \\['time'\\]"),
        (rating(10).drop_isel(time=[7, 8]), "evenly sampled .* from 0.1 to 0.3 s; resample it first"),
        (rating(10)[:1], "evenly sampled over at least two times"),
    ],
)
def test_ratings_that_cannot_be_read_are_refused(odd, message):
    for function in (find_peaks, valid_intervals):
        with pytest.raises(ValueError, match=message):
            function(odd)


@pytest.mark.external
def test_joystick_ratings_of_32_people_have_a_few_peaks_a_minute(external_data):
    with np.load(external_data / "ratings_ceap360" / "ceap360_v1_to_v4.npz") as stored:
        name = next(key for key in stored.files if stored[key].ndim == 3)
        clip = stored[name]
    time = np.arange(clip.shape[1]) * float(np.median(np.diff(clip[0, :, 0])))
    people = [f"sub-{k:02d}" for k in range(len(clip))]
    arousal = xr.DataArray(clip[..., 2], dims=("subject", "time"), coords={"subject": people, "time": time})
    found = find_peaks(arousal)
    per_person = found.groupby("subject").size()
    assert 20 <= len(per_person) <= 32
    assert per_person.max() <= time[-1] / 2.5
    assert found["prominence"].min() >= 1.0
