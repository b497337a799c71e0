"""EEG recordings through MNE: formats, gaps, bad channels, epochs, what is refused."""

import mne
import numpy as np
import pytest
import xarray as xr

import isc
from isc.io.eeg import EegError

RATE = 100.0
NAMES = ["Fz", "Cz", "Pz", "EOG1"]


def recording(seconds=5.0, *, annotations=(), names=NAMES, montage="easycap-M1", seed=0):
    values = np.random.default_rng(seed).normal(scale=1e-5, size=(len(names), round(seconds * RATE)))
    info = mne.create_info(list(names), RATE, ["eog" if name.startswith("EOG") else "eeg" for name in names])
    raw = mne.io.RawArray(values, info, verbose=False)
    if montage:
        raw.set_montage(montage, verbose=False)
    return raw.set_annotations(mne.Annotations(*zip(*annotations, strict=True)) if annotations else None)


def write_brainvision(folder, values):
    """A BrainVision recording: text header, text markers, raw floats in microvolts."""
    (folder / "s.eeg").write_bytes((values.T * 1e6).astype("<f4").tobytes())
    (folder / "s.vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nCodepage=UTF-8\nDataFile=s.eeg\n"
        "[Marker Infos]\nMk1=Stimulus,film,51,1,0\n"
    )
    channels = "".join(f"Ch{k + 1}={name},,1,µV\n" for k, name in enumerate(NAMES[:3]))
    (folder / "s.vhdr").write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\nDataFile=s.eeg\n"
        "MarkerFile=s.vmrk\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\nNumberOfChannels=3\n"
        f"SamplingInterval=10000\n[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n[Channel Infos]\n{channels}",
        encoding="utf-8",
    )
    return folder / "s.vhdr"


def test_a_recording_keeps_its_values_times_units_and_positions(tmp_path):
    raw = recording()
    raw.save(tmp_path / "s_raw.fif", verbose=False)
    eeg = isc.read_eeg(tmp_path / "s_raw.fif", subject="01")
    assert eeg.dims == ("time", "channel") and eeg.dtype == np.float32
    assert eeg["channel"].values.tolist() == NAMES[:3]
    assert np.allclose(eeg, raw.get_data()[:3].T, atol=1e-10)
    assert np.allclose(eeg["time"], np.arange(500) / RATE)
    assert eeg.attrs["units"] == "V" and eeg.attrs["rate_hz"] == RATE
    assert float(eeg["z"].sel(channel="Cz")) == pytest.approx(raw.info["chs"][1]["loc"][2])
    assert eeg["subject"].item() == "01"


def test_other_formats_and_the_marker_of_the_film_are_read(tmp_path):
    values = np.random.default_rng(0).normal(scale=1e-5, size=(3, 300))
    eeg = isc.read_eeg(write_brainvision(tmp_path, values), subject="01", onset="Stimulus/film")
    assert np.allclose(eeg, values.T, atol=1e-9)
    assert float(eeg["time"][50]) == 0
    assert "x" not in eeg.coords, "no position is known"


def test_annotated_stretches_are_missing_in_all_channels_also_in_cropped_recordings():
    raw = recording(annotations=[(1.0, 0.5, "BAD_movement"), (3.0, 0.5, "music")])
    raw.set_meas_date(1_000_000)
    eeg = isc.read_eeg(raw.crop(0.5, None), subject="01")
    missing = np.isnan(eeg)
    assert missing.all("channel").equals(missing.any("channel"))
    assert np.flatnonzero(missing[:, 0]).tolist() == list(range(50, 100))


def test_bad_channels_are_missing_or_left_out():
    raw = recording()
    raw.info["bads"] = ["Cz"]
    kept = isc.read_eeg(raw, subject="01")
    assert np.isnan(kept.sel(channel="Cz")).all() and np.isfinite(kept.sel(channel=["Fz", "Pz"])).all()
    assert kept["bad"].values.tolist() == [False, True, False]
    assert kept.dims == ("time", "channel")
    assert isc.read_eeg(raw, subject="01", bads="drop")["channel"].values.tolist() == ["Fz", "Pz"]


def test_channels_are_picked_by_type_or_name():
    assert isc.read_eeg(recording(), subject="01", picks="eog")["channel"].values.tolist() == ["EOG1"]
    assert isc.read_eeg(recording(), subject="01", picks=["Pz", "Fz"])["channel"].values.tolist() == ["Pz", "Fz"]
    both = isc.read_eeg(recording(), subject="01", picks=["eeg", "eog"])
    assert both["unit"].values.tolist() == ["V"] * 4


def test_the_callers_recording_is_not_changed_and_prepare_works_on_it():
    raw = recording()
    eeg = isc.read_eeg(raw, subject="01", prepare=lambda r: r.set_eeg_reference(verbose=False))
    assert np.abs(eeg.mean("channel")).max() < 1e-10
    assert raw.ch_names == NAMES
    assert not raw.info["custom_ref_applied"]


def test_epochs_ride_along_with_their_event_numbers(tmp_path):
    raw = recording(annotations=[(1.0, 0.0, "shot"), (2.0, 0.2, "BAD"), (2.1, 0.0, "shot"), (3.5, 0.0, "shot")])
    events, codes = mne.events_from_annotations(raw, {"shot": 1}, verbose=False)
    epochs = mne.Epochs(raw, events, codes, tmin=-0.2, tmax=0.5, baseline=None, preload=True, verbose=False)
    epochs.save(tmp_path / "s-epo.fif", verbose=False)
    eeg = isc.read_eeg(tmp_path / "s-epo.fif", subject="01")
    assert eeg.dims == ("time", "epoch", "channel")
    assert eeg["epoch"].values.tolist() == [0, 2], "the second was rejected for its annotation"
    assert np.allclose(eeg.sel(epoch=2), raw.get_data()[:3, 330:401].T, atol=1e-9)
    assert float(eeg["time"][20]) == pytest.approx(0)


def test_recordings_make_a_cube_and_its_synchrony():
    parts = {name: isc.read_eeg(recording(seed=k), subject=name) for k, name in enumerate("abc")}
    shared = 3e-5 * np.sin(2 * np.pi * np.arange(500) / RATE)
    cube = isc.stack_subjects({name: eeg + shared[:, None] for name, eeg in parts.items()})
    assert set(cube["x"].dims) == {"channel"}
    assert (isc.isc(cube) > 0.5).all()


def test_short_artefacts_stay_missing_when_no_gap_may_be_bridged():
    blink = recording(annotations=[(1.0, 0.2, "BAD_blink")])
    parts = {"a": isc.read_eeg(blink, subject="a"), "b": isc.read_eeg(recording(seed=1), subject="b")}
    cube = isc.stack_subjects(parts, max_gap=0)
    assert np.flatnonzero(np.isnan(cube[0, :, 0])).tolist() == list(range(100, 120))
    assert np.isfinite(isc.stack_subjects(parts)).all()


def test_epochs_that_only_some_participants_have_are_named():
    eeg = xr.DataArray(
        np.zeros((5, 2, 1)),
        dims=("time", "epoch", "channel"),
        coords={"time": np.arange(5.0), "epoch": [0, 1], "channel": ["Cz"]},
    )
    with pytest.raises(ValueError, match=r"differ along epoch: only 'a' has 1; only 'b' has 2"):
        isc.stack_subjects({"a": eeg, "b": eeg.assign_coords(epoch=[0, 2])})


def test_different_montages_and_lengths_are_refused_when_stacked():
    one = isc.read_eeg(recording(), subject="a")
    other = isc.read_eeg(recording(names=["Fz", "Oz", "Pz"]), subject="b")
    with pytest.raises(ValueError, match="only 'a' has Cz; only 'b' has Oz"):
        isc.stack_subjects({"a": one, "b": other})
    with pytest.raises(ValueError, match="cover different spans"):
        isc.stack_subjects({"a": one, "b": isc.read_eeg(recording(9.0), subject="b")})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"picks": "meg"}, r"picks='meg' fits no channel .* type eeg, eog"),
        ({"picks": ["Oz"]}, "picks=.*fits no channel"),
        ({"onset": "film"}, "no annotation 'film' marks the onset; the recording has shot"),
        ({"onset": "shot"}, "annotation 'shot' occurs 2 times; give the onset in seconds"),
        ({"onset": 9.0}, "onset must lie in the recording, 0 to 4.99 s; given 9.0"),
        ({"prepare": lambda raw: None}, "prepare must return the Raw or Epochs that it worked on"),
        ({"bads": "keep"}, "bads must be nan or drop; given 'keep'"),
    ],
)
def test_what_cannot_be_had_is_refused(options, message):
    raw = recording(annotations=[(1.0, 0.0, "shot"), (2.0, 0.0, "shot")])
    with pytest.raises(ValueError, match=message):
        isc.read_eeg(raw, subject="01", **options)


def test_an_onset_for_epochs_is_refused():
    epochs = mne.EpochsArray(np.zeros((2, 1, 50)), mne.create_info(["Cz"], RATE, "eeg"), verbose=False)
    with pytest.raises(EegError, match="leave out onset="):
        isc.read_eeg(epochs, subject="01", onset=1.0)


def test_a_montage_without_the_channels_is_refused():
    with pytest.raises(ValueError, match="DigMontage is only a subset"):
        isc.read_eeg(recording(montage=None), subject="01", montage="GSN-HydroCel-32")


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no recording at"):
        isc.read_eeg(tmp_path / "absent.fif", subject="01")
    for name in ("notes.txt", "s_raw.fif", "s-epo.fif", "s.edf", "s.vhdr"):
        (tmp_path / name).write_bytes(b"not a recording")
        with pytest.raises(EegError, match=f"{name} cannot be read by MNE"):
            isc.read_eeg(tmp_path / name, subject="01")


@pytest.mark.external
def test_epochs_of_two_people_from_hypyp_make_a_cube(external_data):
    folder = external_data / "eeg_hypyp"
    parts = {name: isc.read_eeg(folder / f"preproc_{name}-epo.fif", subject=name) for name in ("S1", "S2")}
    assert parts["S1"].sizes == {"time": 501, "epoch": 33, "channel": 31}
    with pytest.raises(ValueError, match="differ along epoch"):
        isc.stack_subjects(parts)
    common = sorted(set(parts["S1"]["epoch"].values) & set(parts["S2"]["epoch"].values))
    cube = isc.stack_subjects({name: eeg.sel(epoch=common) for name, eeg in parts.items()})
    alpha = isc.envelope(cube, bands={"alpha": (8, 12)})
    result = isc.isc(alpha)
    assert result.sizes == {"epoch": 25, "channel": 31, "band": 1}
    assert np.isfinite(result).all()
    assert float(abs(result.mean())) < 0.1, "pairs of epochs share no stimulus"
