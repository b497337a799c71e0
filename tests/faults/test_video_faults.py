"""Faults of films, 14 to 27, in real files: bad containers and clocks, turned phones, lost, second and frozen faces."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from isc import align_faces, face_quality, read_face_video, resample, stack_subjects, temporal_isc
from isc.cli import main
from isc.io.camera.container import VideoError
from isc.io.camera.video import read_frames
from isc.io.camera.writer import write_video
from isc.io.derivatives import read_array
from isc.io.face import track_face_video
from isc.stages.run import RunRequest, run
from tests.faults.films import RATE, encode, encode_at, face_film, pictures_of, raw_study, sound_only

LEFT_EYE, RIGHT_EYE, FOREHEAD, CHIN = 263, 33, 10, 152


@pytest.fixture(scope="module")
def extracted(pictures, tmp_path_factory):
    """What `isc extract` says of a study of bad films and one good one."""
    grey = np.full((12, *pictures.shape[1:]), 128, np.uint8)
    films = [
        lambda path: path.write_bytes(encode(path, pictures).read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("onset\tduration\n0\t1\n" * 50),
        sound_only,
        lambda path: encode(path, pictures[:1]),
        lambda path: encode(path, grey),
        lambda path: encode(path, pictures[:12]),
        lambda path: encode(path, pictures[5:17]),
        lambda path: encode(path, pictures[8:20]),
    ]
    folder = tmp_path_factory.mktemp("bad")
    study, out = raw_study(folder / "study", films, [0.0] * len(films)), folder / "isc"
    return SimpleNamespace(study=study, out=out, films=films)


def extract(extracted, capfd):
    """Exit code and what is said of each participant, by label; the study is run once for all tests."""
    if not hasattr(extracted, "said"):
        extracted.code = main(["extract", str(extracted.study), str(extracted.out), "--skip-bids-validation"])
        extracted.err = capfd.readouterr().err
        extracted.said = {line[:6]: line for line in extracted.err.splitlines() if line.startswith("sub-")}
    assert extracted.code == 1
    assert "Traceback" not in extracted.err
    return extracted.said


def test_014_a_film_without_index_an_empty_file_and_a_text_are_refused_in_one_line_each(extracted, capfd):
    said = extract(extracted, capfd)
    name = "sub-{0} failed: sub-{0}_task-film_recording-face_video.mp4 "
    assert said["sub-01"].startswith(name.format("01") + "has no index (no moov atom)")
    assert said["sub-02"].startswith(name.format("02") + "is empty (0 bytes)")
    assert said["sub-03"].startswith(name.format("03") + "is not a video")
    assert said["sub-07"] == "sub-07 done"


def test_015_a_header_of_25_over_timestamps_of_30_frames_per_second_is_not_believed(pictures, tmp_path):
    path = encode_at(tmp_path / "a.mkv", pictures[:20], [round(k * 1000 / 30) for k in range(20)], header_rate=25)
    with pytest.warns(UserWarning, match="the header says 25 frames per second, the timestamps 30"):
        recording = track_face_video(path, subject="01")
    assert float(recording["time"][-1]) == pytest.approx(19 / 30, abs=1e-3)
    assert face_quality(recording)["median_rate_hz"][0] == pytest.approx(30, rel=0.03)


def test_016_a_variable_frame_rate_is_put_on_an_even_grid_by_its_timestamps(pictures, tmp_path):
    ticks = np.concatenate([[0], np.cumsum(np.random.default_rng(0).choice([33, 50, 67, 100, 500], 29))])
    path = encode_at(tmp_path / "phone.mkv", pictures[:30], ticks)
    with pytest.warns(UserWarning, match="variable frame rate, intervals of 33 to 500 ms; the timestamps are used"):
        landmarks = read_face_video(path, subject="01")
    np.testing.assert_allclose(landmarks["time"], ticks / 1000, atol=1e-6)
    even = resample(landmarks, rate=20)
    found, expected = even[:, CHIN, 1], np.interp(even["time"], ticks / 1000, landmarks[:, CHIN, 1])
    assert even.attrs["rate_hz"] == 20
    assert np.isfinite(found).all()
    # the median rate of such a film may call for the anti-alias filter; here it does not
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_017_time_that_goes_back_is_refused_and_exact_duplicates_are_dropped_and_counted(pictures, tmp_path):
    back = encode_at(tmp_path / "back.mov", pictures[:4], [100, 300, 200, 400])
    with pytest.raises(VideoError, match=r"back.mov has a frame at 0.200 s after one at 0.300 s"):
        read_face_video(back, subject="01")
    clash = encode_at(tmp_path / "clash.mov", pictures[[0, 10, 20]], [100, 200, 200])
    with pytest.raises(VideoError, match="clash.mov has two different frames at 0.200 s"):
        read_face_video(clash, subject="01")
    twice = encode_at(tmp_path / "twice.mov", pictures[[0, 1, 1, 2, 2, 3]], [100, 200, 200, 300, 300, 400])
    with pytest.warns(UserWarning, match="twice.mov: 2 exact duplicates of frames dropped"):
        assert read_face_video(twice, subject="01").sizes["time"] == 4


def test_018_a_gap_of_more_than_half_a_second_stays_missing_and_a_shorter_one_is_bridged(pictures, tmp_path):
    ticks = 100 * np.arange(30)
    ticks[10:] += 300  # 0.4 s without a frame
    ticks[20:] += 1000  # 1.1 s
    path = encode_at(tmp_path / "gaps.mkv", pictures[:30], ticks)
    with pytest.warns(UserWarning, match="variable frame rate"):
        even = resample(align_faces(read_face_video(path, subject="01")), rate=10)
    missing = even["time"].values[np.isnan(even).all(["vertex", "space"]).values]
    np.testing.assert_allclose(missing, np.arange(2.3, 3.25, 0.1), atol=1e-6)
    assert face_quality(track_face_video(path, subject="01"))["longest_interval_s"][0] == pytest.approx(1.1)


def brightness(path, rate):
    """Film of ten minutes whose brightness follows the same slow and fast waves whatever the rate; read back."""
    time = np.arange(int(600 * rate)) / rate
    level = (128 + 50 * np.sin(2 * np.pi * time / 7) + 40 * np.sin(2 * np.pi * time / 1.3)).astype(np.uint8)
    write_video(path, (np.full((16, 16, 3), value, np.uint8) for value in level), rate=rate)
    values = [(frame.time, float(frame.picture[8, 8, 1])) for frame in read_frames(path)]
    times, seen = np.array(values).T
    return xr.DataArray(seen[:, None], dims=("time", "vertex"), coords={"time": times})


def test_019_films_of_29_97_and_30_frames_per_second_do_not_drift_in_ten_minutes(tmp_path):
    films = {f"sub-{k}": brightness(tmp_path / f"{k}.mp4", rate) for k, rate in enumerate((30000 / 1001, 30.0))}
    cube = stack_subjects(films)
    last = cube.sel(time=slice(570, 598)).values[:, :, 0]
    lags = range(-20, 21)
    r = [np.corrcoef(last[0, 20:-20], np.roll(last[1], lag)[20:-20])[0, 1] for lag in lags]
    assert lags[int(np.argmax(r))] == 0  # by their frame numbers alone they would be 18 frames apart
    assert max(r) > 0.999


def test_022_sound_only_and_a_film_of_one_frame_are_refused(extracted, capfd):
    said = extract(extracted, capfd)
    assert "sub-04 failed: sub-04_task-film_recording-face_video.mp4 holds sound only" in said["sub-04"]
    assert "-face_video.mp4: one frame is tracked, which is shorter than one window" in said["sub-05"]


def test_022_films_shorter_than_one_window_are_refused(extracted, capfd):
    extract(extracted, capfd)
    good = ["--participant-label", "07", "08", "09", "--skip-bids-validation"]
    assert main(["tisc", str(extracted.study), str(extracted.out), *good]) == 2
    assert "window is 5 s but the recording lasts 1.2 s; choose a shorter window" in capfd.readouterr().err


def test_024_a_film_without_a_face_excludes_the_participant_and_leaves_no_zeros(extracted, capfd):
    said = extract(extracted, capfd)
    assert "no face was found in any frame; exclude this participant" in said["sub-06"]
    assert [path.name for path in extracted.out.rglob("sub-06*.*") if path.is_file()] == []
    with pytest.warns(UserWarning, match="no face was found in any frame, all landmarks are NaN"):
        nobody = read_face_video(next(extracted.study.rglob("sub-06*.mp4")), subject="06")
    assert np.isnan(nobody).all() and not nobody["detected"].any()


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_023_a_film_that_a_phone_stored_turned_has_upright_landmarks(pictures, tmp_path, degrees):
    stored = np.rot90(pictures[:6], -degrees // 90, axes=(1, 2))
    path = encode(tmp_path / "turned.mp4", stored, prepare=lambda stream: stream.set_display_rotation(degrees))
    turned = read_face_video(path, subject="01")
    upright = read_face_video(encode(tmp_path / "plain.mp4", pictures[:6]), subject="01")
    assert (turned.sel(space="y")[:, CHIN] > turned.sel(space="y")[:, FOREHEAD] + 50).all()
    assert (turned.sel(space="x")[:, LEFT_EYE] > turned.sel(space="x")[:, RIGHT_EYE] + 30).all()
    assert float(np.abs(turned - upright).sel(space=["x", "y"]).mean()) < 1


def test_025_a_face_lost_for_three_seconds_is_nan_and_windows_count_who_is_left(tmp_path):
    path = face_film(tmp_path / "lost.mp4", duration=8, lost=[(2, 5)])
    landmarks = read_face_video(path, subject="01")
    away = landmarks["time"].values[np.isnan(landmarks).all(["vertex", "space"]).values]
    assert away.min() >= 2 and away.max() < 5.2 and away.size >= 28
    lost, others = (
        align_faces(landmarks),
        align_faces(read_face_video(face_film(tmp_path / "b.mp4", duration=8), subject="02")),
    )
    noise = np.random.default_rng(0).normal(0, 0.01, others.shape)
    cube = stack_subjects({"sub-01": lost, "sub-02": others, "sub-03": others + noise}, rate=RATE)
    found = temporal_isc(cube, window=3.2, step=0.5)
    share = [np.isfinite(cube[0, start : start + 32, CHIN, 0]).mean().item() for start in found["start_sample"].values]
    assert found["n_subject"][:, CHIN].values.tolist() == [2 if value < 0.8 else 3 for value in share]
    dyads = temporal_isc(cube, window=3.2, step=0.5, summary=None)
    of_lost = (dyads["subject_a"] == "sub-01").values
    assert np.isnan(dyads.values[of_lost][:, np.array(share) < 0.8]).all()


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    """Pictures of another person."""
    return pictures_of(face_film(tmp_path_factory.mktemp("guest") / "guest.mp4", person=7))


def test_026_a_second_face_that_enters_is_not_followed_and_is_told(pictures, guest, tmp_path):
    side = guest.copy()
    side[:12] = 128
    study = raw_study(tmp_path / "study", [lambda path: encode(path, np.concatenate([pictures, side], axis=2))], [0.0])
    request = RunRequest(study, tmp_path / "isc", levels=("participant",), skip_bids_validation=True)
    assert run(request) == 0
    recording = read_array(next(request.out_dir.rglob("*_desc-tracked_landmarks.zarr")))
    assert recording["detected"].all()
    assert (recording["landmarks"].sel(space="x").max("vertex") < pictures.shape[2]).all()
    assert (recording["n_face"][15:] == 2).mean() > 0.8


def test_026_another_person_in_the_same_place_is_flagged_as_a_switch(pictures, guest, tmp_path):
    path = encode(tmp_path / "switch.mp4", np.concatenate([pictures[:15], guest[15:30]]))
    assert face_quality(track_face_video(path, subject="01"))["n_identity_switch"][0] >= 1


def test_027_a_frozen_picture_gives_no_correlation_and_is_flagged(pictures, film, tmp_path):
    frozen = pictures[:30].copy()
    frozen[8:] = frozen[8]
    path = encode_at(tmp_path / "frozen.mkv", frozen, 100 * np.arange(30))
    recording = track_face_video(path, subject="01")
    row = face_quality(recording).iloc[0]
    assert row["n_frozen"] == 1 and row["frozen_s"] == pytest.approx(2.1, abs=0.15)
    moving = read_face_video(film, subject="02")
    parts = {"sub-01": recording["landmarks"], "sub-02": moving, "sub-03": moving * 1.01}
    cube = stack_subjects(
        {name: part.drop_vars([c for c in part.coords if c not in part.dims]) for name, part in parts.items()}
    )
    dyads = temporal_isc(cube, window=1, step=1, summary=None)
    of_frozen = (dyads["subject_a"] == "sub-01").values
    assert np.isnan(dyads.values[of_frozen][:, 1:]).all()
    assert np.isfinite(dyads.values[~of_frozen]).all()
