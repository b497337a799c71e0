"""Controls for people who press and are filmed."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.ndimage import gaussian_filter1d

from isc.behaviour import (
    PressExclusion,
    SplitHalf,
    correlate_with_agreement,
    exclude_presses,
    peak_agreement,
    split_subjects,
)
from isc.synchrony.temporal import temporal_isc

CUBE = xr.DataArray(np.ones((2, 11)), dims=("subject", "time"), coords={"subject": ["a", "b"], "time": np.arange(11.0)})
PRESS = pd.DataFrame({"subject": ["a"], "onset": [5.0]})


def test_samples_around_ones_own_presses_are_left_out():
    out = exclude_presses(CUBE, PRESS, before=1.0, after=2.0)
    assert CUBE.notnull().all()
    assert np.isnan(out.sel(subject="a", time=slice(4, 7))).all()
    assert np.isfinite(out.sel(subject="b")).all()
    assert int(out.isnull().sum()) == 4


def test_halves_are_disjoint_whole_and_do_not_depend_on_order():
    names = [f"sub-{k:02d}" for k in range(9)]
    faces, reports = split_subjects(names, seed=4)
    assert sorted(faces + reports) == names
    assert (faces, reports) == split_subjects(names[::-1], seed=4)
    assert faces != split_subjects(names, seed=5)[0]
    with pytest.raises(ValueError, match="3 people or more, 2 given"):
        split_subjects(names[:2], seed=0)


def test_a_press_that_lasts_is_left_out_to_its_end():
    out = exclude_presses(CUBE, PRESS.assign(duration=3.0), before=0.0, after=0.0)
    assert out["time"].values[np.isnan(out.sel(subject="a"))].tolist() == [5, 6, 7, 8]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: exclude_presses(CUBE.rename(time="frame"), PRESS), "dims subject and time"),
        (lambda: exclude_presses(CUBE, PRESS.rename(columns={"onset": "t"})), r"columns subject and onset \(s\), not"),
        (lambda: exclude_presses(CUBE, PRESS, after=-1.0), "0 or more, not 1.0 and -1.0"),
    ],
)
def test_what_cannot_be_read_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


NAMES = [f"sub-{k:02d}" for k in range(16)]
RATE, FILM = 6, 900  # Hz, s


def study(*, emotion, pressing, seed=0):
    """Cube (subject, time, vertex) and presses: the film moves faces by `emotion`, pressing moves one's own face.

    People press at moments of the film, 0 to 1 s late; without emotion faces have nothing in common but what the
    movement of pressing puts into them.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(FILM * RATE) / RATE
    moments = np.sort(rng.uniform(10, FILM - 10, 60))
    rows, faces = [], rng.normal(size=(len(NAMES), time.size, 2))
    common = gaussian_filter1d(rng.normal(size=time.size), 1)
    common *= sum(np.exp(-((time - moment) ** 2) / 8) for moment in moments) / common.std()
    for index, name in enumerate(NAMES):
        onset = moments[rng.random(moments.size) < 0.6] + rng.uniform(0, 1)
        rows += [(name, second) for second in onset]
        twitch = sum(np.exp(-((time - second - 0.3) ** 2) / 0.1) for second in onset)
        faces[index] += (emotion * common + pressing * twitch)[:, None]
    coords = {"subject": NAMES, "time": time}
    cube = xr.DataArray(faces, dims=("subject", "time", "vertex"), coords=coords)
    return cube, pd.DataFrame(rows, columns=["subject", "onset"])


def related(cube, presses, control, **options):
    tisc = temporal_isc(cube)
    agreement = peak_agreement(presses, windows=tisc, raters=NAMES)
    return correlate_with_agreement(tisc, agreement, control=control(cube, presses, synchrony=temporal_isc), **options)


def test_what_the_film_does_survives_both_controls():
    cube, presses = study(emotion=1.5, pressing=0.0)
    for control in (SplitHalf, PressExclusion):
        result = related(cube, presses, control)
        assert (result["p_fwe"] < 0.01).all()
        assert (result["control_p_fwe"] < 0.05).all()
        assert (np.sign(result["control_r"]) == np.sign(result["r"])).all()
        assert result.attrs["control"] == control.name


def test_what_pressing_does_to_ones_own_face_does_not_survive_the_exclusion_of_presses():
    cube, presses = study(emotion=0.0, pressing=6.0)
    control = partial(PressExclusion, before=1.0, after=2.0)
    result = related(cube, presses, control)
    assert (result["r"] > 0.3).all() and (result["p_fwe"] < 0.01).all()
    assert (np.abs(result["control_r"]) < 0.2).all() and (result["control_p_fwe"] > 0.05).all()


def test_windows_with_few_faces_left_do_not_make_the_exclusion_see_a_relation():
    p = []
    for seed in range(20):
        cube, presses = study(emotion=0.0, pressing=6.0, seed=seed)
        result = related(cube, presses, partial(PressExclusion, before=1.0, after=2.0))
        p.append(float(result["control_p_fwe"].min()))
    assert np.sum(np.array(p) <= 0.05) <= 4  # of 20 films; about 10 when all windows count alike


def test_halves_that_press_at_the_same_moments_share_the_movement_of_pressing():
    cube, presses = study(emotion=0.0, pressing=6.0)
    assert (related(cube, presses, SplitHalf)["control_p_fwe"] < 0.05).all()  # as its docstring warns


def test_the_main_result_is_the_same_with_and_without_a_control():
    cube, presses = study(emotion=1.0, pressing=0.0)
    tisc = temporal_isc(cube)
    agreement = peak_agreement(presses, windows=tisc, raters=NAMES)
    plain = correlate_with_agreement(tisc, agreement)
    beside = related(cube, presses, SplitHalf)
    for name in plain:
        assert beside[name].identical(plain[name])
    assert [name for name in beside if name not in plain] == [f"control_{name}" for name in plain]


def test_a_control_that_cannot_be_tested_says_so_for_itself():
    cube, presses = study(emotion=1.0, pressing=0.0)
    faces, _ = SplitHalf(cube, presses, synchrony=temporal_isc).halves(NAMES)
    result = related(cube, presses[presses["subject"].isin(faces)], SplitHalf)
    assert "same in every window" in result.attrs["control_refused"]
    assert result.attrs["refused"] == ""
    assert result["control_p"].isnull().all() and result["p"].notnull().all()


def test_who_gave_only_faces_or_only_presses_stays_in_that_half():
    control = SplitHalf(CUBE.assign_coords(subject=["a", "b"]), PRESS, synchrony=temporal_isc)
    with pytest.raises(ValueError, match="3 people or more, 2 given"):
        control.halves(["a", "b"])
    cube = xr.concat([CUBE, CUBE, CUBE], dim="subject").assign_coords(subject=list("abcdef"))
    faces, pressing = SplitHalf(cube, PRESS, synchrony=temporal_isc).halves(["a", "b", "c", "x"])
    assert {"d", "e", "f"} < set(faces) and "x" in pressing
    assert not set(faces) & set(pressing)


def test_logs_that_ran_for_a_part_of_the_film_keep_their_intervals_in_the_half():
    cube, presses = study(emotion=1.0, pressing=0.0)
    tisc = temporal_isc(cube)
    logs = pd.DataFrame({"subject": NAMES, "start": 0.0, "stop": 600.0})
    agreement = peak_agreement(presses, windows=tisc, raters=logs)
    _, half = SplitHalf(cube, presses, synchrony=temporal_isc).series(tisc, agreement)
    assert int(half["n_raters"].max()) == 8
    assert (half.isnull().values == (tisc["stop"] > 600.0).values).all()


def test_synchrony_on_other_windows_is_refused():
    cube, presses = study(emotion=0.0, pressing=0.0)
    tisc = temporal_isc(cube)
    agreement = peak_agreement(presses, windows=tisc)
    with pytest.raises(ValueError, match="synchrony of the control must give the windows and features of tisc"):
        correlate_with_agreement(
            tisc, agreement, control=PressExclusion(cube, presses, synchrony=partial(temporal_isc, window=10.0))
        )


def test_only_the_faces_of_the_one_half_and_the_presses_of_the_other_are_used():
    cube, presses = study(emotion=1.0, pressing=0.0)
    seen = []

    def spied(faces):
        seen.extend(faces["subject"].values.tolist())
        return temporal_isc(faces)

    tisc = temporal_isc(cube)
    control = SplitHalf(cube, presses, synchrony=spied, seed=3)
    faces, pressing = control.halves(NAMES)
    _, half = control.series(tisc, peak_agreement(presses, windows=tisc, raters=NAMES))
    assert sorted(seen) == faces and half.attrs["raters"] == pressing
    assert half.values == pytest.approx(
        peak_agreement(presses[presses["subject"].isin(pressing)], windows=tisc, raters=pressing).values
    )
