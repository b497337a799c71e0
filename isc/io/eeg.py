"""EEG, MEG and whatever else MNE reads: one recording as (time, channel), or (time, epoch, channel)."""

import re
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    import mne

Bads = Literal["nan", "drop"]
EPOCHS_FILE = re.compile(r"[-_]epo(-\d+)?\.fif(\.gz)?$")
UNITS = {"mag": "T", "ref_meg": "T", "grad": "T/m", "hbo": "mol/L", "hbr": "mol/L", "temperature": "degC", "gsr": "S"}
RAW_DIMS: tuple[str, ...] = ("time", "channel")
EPOCH_DIMS: tuple[str, ...] = ("time", "epoch", "channel")
VOLT = "V"  # of all other channels that measure something
# What MNE's readers raise on files that are damaged or none of theirs: it has no exception of its own.
UNREADABLE = (OSError, ValueError, RuntimeError, TypeError, LookupError, AttributeError, AssertionError, struct.error)
UNIT_FREE = ("misc", "stim", "syst", "resp", "exci", "ias", "chpi", "eyegaze", "pupil")


class EegError(ValueError):
    """A recording that MNE cannot read, or that does not hold what was asked for."""


def read_eeg(
    recording: "str | Path | mne.io.BaseRaw | mne.BaseEpochs",
    *,
    subject: str,
    picks: str | Sequence[str] = "eeg",
    bads: Bads = "nan",
    onset: float | str = 0.0,
    montage: Any = None,
    prepare: Callable[[Any], Any] | None = None,
) -> xr.DataArray:
    """One participant's EEG (MEG, EMG, ...) from any file that MNE reads.

    Stretches annotated ``BAD...`` are NaN in all channels: nothing is cut out, so that time stays
    the stimulus' time. Epochs keep their times relative to their event; rejected ones are simply not there.

    Parameters
    ----------
    recording : path, mne.io.Raw or mne.Epochs
        A file in any format of `mne.io.read_raw`; ``*-epo.fif`` and epoched EEGLAB files as epochs.
    subject : str
        The participant's label.
    picks : str or sequence of str
        Channel type(s) or names, as in `mne.io.Raw.pick`.
    bads : {"nan", "drop"}
        Bad channels become NaN, so that the recordings of a study keep the same channels, or are left out.
    onset : float or str
        When the stimulus started: seconds in the recording, or the description of the one annotation that marks it.
        It becomes time 0. For epochs it must be 0.
    montage : str or mne.channels.DigMontage, optional
        Electrode positions to set, such as ``"easycap-M1"``.
    prepare : callable, optional
        Called with the loaded MNE object before anything is picked, and returns it: the place for a reference,
        notch filter, ICA or artefact rejection, such as ``lambda raw: raw.set_eeg_reference().notch_filter(50)``.

    Returns
    -------
    DataArray ``eeg``, dims (time, channel) or (time, epoch, channel), float32, V
        Coords: ``time`` in s from stimulus onset (or from the event), ``epoch`` (number of the event in the
        experiment), ``bad`` (channel), ``unit`` (channel), ``x``, ``y``, ``z`` (channel) in m where any position is
        known, scalar ``subject``. attrs: rate_hz, highpass_hz, lowpass_hz (of the recorder and of MNE's filters).
        Frequency bands and envelopes are made of it by `isc.bandpass` and `isc.envelope`, lower rates by
        `isc.resample`.

    Raises
    ------
    EegError
        When MNE cannot read the file, no channel is picked, the onset is not marked exactly once or outside of the
        recording, or `prepare` does not return an MNE object.
    FileNotFoundError
        When there is no such file.
    ValueError
        When `bads` is not known, or the montage lacks a channel (MNE's own message).

    Examples
    --------
    >>> import mne
    >>> info = mne.create_info(["Fz", "Pz"], sfreq=100.0, ch_types="eeg")
    >>> raw = mne.io.RawArray(np.zeros((2, 300)), info, verbose=False)
    >>> _ = raw.set_annotations(mne.Annotations([0.5, 1.0], [0.0, 0.2], ["film", "BAD_blink"]))
    >>> eeg = read_eeg(raw, subject="01", onset="film")
    >>> eeg.dims, float(eeg.time[0]), int(eeg[:, 0].isnull().sum())
    (('time', 'channel'), -0.5, 20)
    """
    if bads not in ("nan", "drop"):
        raise ValueError(f"bads must be nan or drop; given {bads!r}")
    data = _prepared(_opened(recording), montage, prepare)
    zero = _onset(data, onset)
    data = _picked(data, picks, bads)
    result = _labelled(data, zero).assign_coords(subject=subject)
    return result.where(~result["bad"]).transpose(*result.dims).astype(np.float32) if bads == "nan" else result


def _opened(recording: Any) -> Any:
    """Loaded Raw or Epochs, which the caller's own object is not changed by."""
    import mne

    if isinstance(recording, mne.io.BaseRaw | mne.BaseEpochs):
        return recording.copy().load_data()
    path = Path(recording)
    if not path.exists():
        raise FileNotFoundError(f"no recording at {path}")
    try:
        return _read(path)
    except UNREADABLE as error:
        raise EegError(
            f"{path.name} cannot be read by MNE ({type(error).__name__}: {error}); check that the file is complete, "
            "with its companions (.eeg and .vmrk beside .vhdr, .fdt beside .set)"
        ) from error


def _read(path: Path) -> Any:
    import mne

    if EPOCHS_FILE.search(path.name):
        return mne.read_epochs(path, preload=True, verbose="error")
    try:
        return mne.io.read_raw(path, preload=True, verbose="error")
    except TypeError:
        if path.suffix != ".set":
            raise
        return mne.io.read_epochs_eeglab(path, verbose="error")  # MNE's answer to a file of trials is a TypeError


def _prepared(data: Any, montage: Any, prepare: Callable[[Any], Any] | None) -> Any:
    import mne

    if montage is not None:
        data.set_montage(montage, verbose="error")
    if prepare is None:
        return data
    prepared = prepare(data)
    if not isinstance(prepared, mne.io.BaseRaw | mne.BaseEpochs):
        raise EegError(f"prepare must return the Raw or Epochs that it worked on; it returned {prepared!r}")
    return prepared


def _onset(data: Any, onset: float | str) -> float:
    """Seconds in the recording at which the stimulus starts."""
    import mne

    if isinstance(data, mne.BaseEpochs):
        if onset != 0:
            raise EegError("epochs have times relative to their own events: leave out onset=")
        return 0.0
    if isinstance(onset, str):
        return _marked(data, onset)
    last = float(data.times[-1])
    if not 0 <= onset <= last:
        raise EegError(f"onset must lie in the recording, 0 to {last:g} s; given {onset}")
    return float(onset)


def _marked(raw: Any, description: str) -> float:
    import mne

    found = sorted(set(raw.annotations.description))
    if description not in found:
        raise EegError(f"no annotation {description!r} marks the onset; the recording has {', '.join(found) or 'none'}")
    events, _ = mne.events_from_annotations(raw, {description: 1}, verbose="error")
    if len(events) != 1:
        raise EegError(f"annotation {description!r} occurs {len(events)} times; give the onset in seconds")
    return float((events[0, 0] - raw.first_samp) / raw.info["sfreq"])


def _picked(data: Any, picks: str | Sequence[str], bads: Bads) -> Any:
    try:
        data.pick(picks, exclude="bads" if bads == "drop" else (), verbose="error")
    except ValueError as error:
        kinds = ", ".join(sorted(set(data.get_channel_types())))
        raise EegError(f"picks={picks!r} fits no channel ({error}); the recording has channels of type {kinds}") from (
            error
        )
    return data


def _labelled(data: Any, zero: float) -> xr.DataArray:
    import mne

    if isinstance(data, mne.BaseEpochs):
        values, dims = data.get_data(copy=False).transpose(2, 0, 1), EPOCH_DIMS
        coords: dict[str, Any] = {"time": data.times, "epoch": np.asarray(data.selection)}
    else:
        values, dims = data.get_data(reject_by_annotation="NaN", verbose="error").T, RAW_DIMS
        coords = {"time": data.times - zero}
    coords["time"] = ("time", np.asarray(coords["time"], dtype=np.float64), {"units": "s"})
    channels, shared = _channel_coords(data)
    attrs = {
        "rate_hz": float(data.info["sfreq"]),
        "highpass_hz": float(data.info["highpass"]),
        "lowpass_hz": float(data.info["lowpass"]),
        **shared,
    }
    return xr.DataArray(values.astype(np.float32), dims=dims, coords={**coords, **channels}, name="eeg", attrs=attrs)


def _channel_coords(data: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Coordinates of the channels, and their unit where all have the same."""
    names, kinds = data.ch_names, data.get_channel_types()
    units = [UNITS.get(kind, "n/a" if kind in UNIT_FREE else VOLT) for kind in kinds]
    coords: dict[str, Any] = {
        "channel": list(names),
        "bad": ("channel", np.isin(names, data.info["bads"])),
        "unit": ("channel", units),
    }
    place = np.array([channel["loc"][:3] for channel in data.info["chs"]], dtype=np.float64)
    place[(place == 0).all(axis=1)] = np.nan  # how MNE writes an unknown position in some formats
    if np.isfinite(place).any():
        coords |= {axis: ("channel", place[:, k], {"units": "m"}) for k, axis in enumerate("xyz")}
    return coords, {"units": units[0]} if len(set(units)) == 1 else {}
