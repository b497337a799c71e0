"""Is planted synchrony of EEG found in its band and on its channels only? Yes or no, from generated recordings.

Data. Generated here, without a forward model and without a recording. Viewers of a 120 s film have 16 electrodes of
MNE's easycap-M1 montage. Every channel carries pink noise, which spreads to its neighbours through a mixing matrix
that falls off with distance, and a rhythm (8-12 Hz noise) of its own. In two epochs (30-50 s, 80-100 s) the *amplitude*
of the rhythm on the occipital channels follows one course that all viewers share; its phase stays each viewer's own, as
with real viewers. Each viewer also has one bad channel and a stretch marked BAD. The recordings are written as FIF and
read back: what is tested is the whole way from the file.

Methods. isc.read_eeg; envelopes of theta (4-7 Hz), alpha (8-12 Hz) and beta (15-25 Hz) by band-pass and Hilbert
transform; 10 Hz; t-ISC of every channel and band in windows of 10 s every 10/3 s; familywise p over bands, channels and
windows by 1000 circular shifts of viewers. Phase synchrony of the alpha band (isc.phase_synchrony), which must find
nothing. Correlated components of the alpha envelopes (isc.corrca; bad channels interpolated by MNE, as components need
all; components refitted in 1000 shifts).

    python experiments/eeg_planted/run.py [--data DIR] [--out DIR] [--quick]

Writes figures/, tables/ and summary.json (keys in data_dictionary/eeg_planted.json).
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mne
import numpy as np
import xarray as xr
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

import isc
from isc.plots.style import BLUE, GREEN, LINE_GREY, MM_PER_INCH, PAGE_WIDTH, VERMILLION, styled
from isc.report import write_results

CHANNELS = ("Fp1", "Fp2", "F3", "Fz", "F4", "T7", "C3", "Cz", "C4", "T8", "P3", "Pz", "P4", "O1", "Oz", "O2")
PLANTED = ("O1", "Oz", "O2")
BANDS = {"theta": (4.0, 7.0), "alpha": (8.0, 12.0), "beta": (15.0, 25.0)}
PLANTED_BAND = "alpha"
EPOCHS = ((30.0, 50.0), (80.0, 100.0))  # s
N_VIEWER, DURATION, RATE = 10, 120.0, 100.0  # s, Hz
SLOW_RATE = 10.0  # Hz, of the envelopes
WINDOW, STEP = 10.0, 10 / 3  # s
PINK, RHYTHM, SWING = 10e-6, 8e-6, 0.9  # V, V, share of the rhythm's amplitude that the shared course moves
REACH = 0.05  # m over which noise spreads between electrodes
N_SURROGATES, N_QUICK = 1000, 99
SEED = 710
HERE = Path(__file__).parent


def simulate_viewer(number: int, course: np.ndarray) -> mne.io.RawArray:
    """One viewer's recording; `course` (time,) moves the amplitude of the occipital alpha rhythm."""
    rng = np.random.default_rng([SEED, number])
    info = mne.create_info(list(CHANNELS), RATE, "eeg")
    info.set_montage("easycap-M1")
    place = np.array([channel["loc"][:3] for channel in info["chs"]])
    near = np.exp(-np.linalg.norm(place[:, None] - place[None], axis=2) / REACH)
    mixing = near / np.linalg.norm(near, axis=1, keepdims=True)
    noise = PINK * (mixing @ pink_noise(rng, len(CHANNELS), course.size))
    rhythm = RHYTHM * band_noise(rng, len(CHANNELS), course.size, BANDS[PLANTED_BAND])
    gain = np.where(np.isin(CHANNELS, PLANTED)[:, None], 1 + SWING * course, 1.0)
    raw = mne.io.RawArray(noise + gain * rhythm, info, verbose="error")
    raw.info["bads"] = [CHANNELS[number % 12]]  # never an occipital one
    start = float(rng.uniform(5, 20))
    return raw.set_annotations(mne.Annotations([start], [1.5], ["BAD_movement"]))


def pink_noise(rng: np.random.Generator, n_channel: int, n_time: int) -> np.ndarray:
    """Noise (channel, time) of standard deviation 1 whose power falls as 1 / frequency."""
    spectrum = np.fft.rfft(rng.normal(size=(n_channel, n_time)), axis=1)
    frequency = np.fft.rfftfreq(n_time)
    spectrum[:, 1:] /= np.sqrt(frequency[1:])
    spectrum[:, 0] = 0.0
    noise = np.fft.irfft(spectrum, n_time, axis=1)
    return noise / noise.std(axis=1, keepdims=True)


def band_noise(rng: np.random.Generator, n_channel: int, n_time: int, band: tuple[float, float]) -> np.ndarray:
    """Noise (channel, time) of standard deviation 1 within a band."""
    spectrum = np.fft.rfft(rng.normal(size=(n_channel, n_time)), axis=1)
    frequency = np.fft.rfftfreq(n_time, 1 / RATE)
    spectrum[:, (frequency < band[0]) | (frequency > band[1])] = 0.0
    noise = np.fft.irfft(spectrum, n_time, axis=1)
    return noise / noise.std(axis=1, keepdims=True)


def shared_course() -> np.ndarray:
    """Course (time,) between -1 and 1 that all viewers follow: slow waves inside the epochs, 0 outside."""
    seconds = np.arange(round(DURATION * RATE)) / RATE
    course = np.zeros(seconds.size)
    for start, stop in EPOCHS:
        inside = (seconds >= start) & (seconds < stop)
        course[inside] = np.sin(2 * np.pi * 0.2 * (seconds[inside] - start))
    return course


def write_viewers(folder: Path) -> dict[str, Path]:
    """Recording of every viewer."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {f"viewer-{number:02d}": folder / f"viewer-{number:02d}_raw.fif" for number in range(N_VIEWER)}
    for number, path in enumerate(paths.values()):
        simulate_viewer(number, shared_course()).save(path, overwrite=True, verbose="error")
    return paths


def read_viewers(paths: dict[str, Path], prepare: Callable[[Any], Any] | None = None) -> xr.DataArray:
    """Cube (subject, time, channel) of the recordings; bad channels are NaN unless `prepare` mends them."""
    return isc.stack_subjects({s: isc.read_eeg(path, subject=s, prepare=prepare) for s, path in paths.items()})


def envelopes(eeg: xr.DataArray) -> xr.DataArray:
    """Envelopes (subject, time, channel, band) at 10 Hz."""
    return isc.resample(isc.envelope(eeg, bands=BANDS), rate=SLOW_RATE)


def test_envelopes(slow: xr.DataArray, n_surrogates: int) -> xr.Dataset:
    """t-ISC and familywise p over bands, channels and windows."""
    windows = {"window": WINDOW, "step": STEP}
    tisc = isc.temporal_isc(slow, **windows)
    null = isc.null_extremes(slow, n_surrogates=n_surrogates, seed=SEED, **windows)
    return xr.Dataset({"tisc": tisc, "p": isc.p_values(tisc, null), "null": null})


def inside_epochs(tisc: xr.DataArray) -> xr.DataArray:
    """Windows that lie wholly inside a planted epoch."""
    return sum(((tisc["start"] >= start) & (tisc["stop"] <= stop)).astype(int) for start, stop in EPOCHS) > 0


def touch_epochs(tisc: xr.DataArray) -> xr.DataArray:
    """Windows that overlap a planted epoch."""
    return sum(((tisc["start"] < stop) & (tisc["stop"] > start)).astype(int) for start, stop in EPOCHS) > 0


def summarise(found: xr.Dataset) -> dict[str, float]:
    """Smallest p where synchrony was planted and elsewhere, and shares of significant cells."""
    tisc, p = found["tisc"], found["p"]
    planted, others = p.sel(band=PLANTED_BAND, channel=list(PLANTED)), p.drop_sel(band=PLANTED_BAND)
    elsewhere = p.sel(band=PLANTED_BAND).drop_sel(channel=list(PLANTED))
    inside, touched = inside_epochs(tisc), touch_epochs(tisc)
    return {
        "eeg/planted_band/p_fwe": float(planted.where(inside).min()),
        "eeg/planted_band/significant_inside": float((planted.where(inside, drop=True) <= 0.05).mean()),
        "eeg/planted_band/significant_outside": float((planted.where(~touched, drop=True) <= 0.05).mean()),
        "eeg/planted_band/tisc_inside": float(tisc.sel(band=PLANTED_BAND, channel=list(PLANTED)).where(inside).mean()),
        "eeg/other_band/p_fwe": float(others.min()),
        "eeg/other_channels/p_fwe": float(elsewhere.min()),
    }


def further_estimators(
    eeg: xr.DataArray, mended: xr.DataArray, n_surrogates: int
) -> tuple[dict[str, float], xr.Dataset]:
    """Phase synchrony of alpha, and the strongest correlated component of the alpha envelopes of mended recordings."""
    low, high = BANDS[PLANTED_BAND]
    windows: dict[str, Any] = {"window": WINDOW, "step": STEP}
    alpha = isc.bandpass(isc.resample(eeg, rate=4 * high), low=low, high=high)
    phase = isc.phase_synchrony(alpha, **windows)
    null = isc.phase_null(alpha, n_surrogates=n_surrogates, seed=SEED, **windows)
    amplitudes = isc.zscore(envelopes(mended).sel(band=PLANTED_BAND))
    components = isc.corrca(amplitudes, n_surrogates=n_surrogates, seed=SEED)
    share = np.abs(components["patterns"][:, 0])
    largest = [str(name) for name in share["channel"].values[np.argsort(-share.values)[: len(PLANTED)]]]
    found = {
        "eeg/phase/p_fwe": float(isc.p_values(phase, null).min()),
        "eeg/corrca/isc": float(components["isc"][0]),
        "eeg/corrca/p_fwe": float(components["p"][0]),
        "eeg/corrca/planted_channels_on_top": len(set(largest) & set(PLANTED)),
    }
    return found, components


@styled
def draw_course(found: xr.Dataset) -> Figure:
    """t-ISC of the planted channels in the three bands, with the threshold."""
    figure = Figure(figsize=(PAGE_WIDTH / MM_PER_INCH, 65 / MM_PER_INCH), layout="constrained")
    ax = figure.add_subplot()
    for start, stop in EPOCHS:
        ax.axvspan(start, stop, color="#EFEFEF", linewidth=0, label="planted" if start == EPOCHS[0][0] else None)
    for band, colour in zip(BANDS, (GREEN, VERMILLION, BLUE), strict=True):
        mean = found["tisc"].sel(band=band, channel=list(PLANTED)).mean("channel")
        ax.plot(found["time"], mean, color=colour, label=f"{band} ({BANDS[band][0]:g}-{BANDS[band][1]:g} Hz)")
    limit = float(isc.thresholds(found["null"])["threshold"].sel(extreme="max"))
    ax.axhline(limit, color=LINE_GREY, linestyle=":", linewidth=0.8, label="threshold (familywise 5 %)")
    ax.axhline(0, color=LINE_GREY, linewidth=0.6)
    ax.set_xlabel("centre of the window (s)")
    ax.set_ylabel("t-ISC of O1, Oz, O2 (mean r)")
    figure.legend(loc="outside upper left", ncols=5)
    return figure


@styled
def draw_maps(found: xr.Dataset, components: xr.Dataset) -> Figure:
    """t-ISC inside the epochs in every band on the head, and the pattern of the strongest component."""
    figure = Figure(figsize=(PAGE_WIDTH / MM_PER_INCH, 55 / MM_PER_INCH), layout="constrained")
    axes = figure.subplots(1, len(BANDS) + 1)
    inside = inside_epochs(found["tisc"])
    mean = found["tisc"].where(inside).mean("window").rename("tisc")
    scale = Normalize(-float(abs(mean).max()), float(abs(mean).max()))  # one for all bands: noise stays pale
    for ax, band in zip(axes, BANDS, strict=False):
        marked = (found["p"].sel(band=band).where(inside) <= 0.05).any("window")
        isc.plot_topomap(mean.sel(band=band), significant=marked, scale=scale, ax=ax)
        ax.set_title(f"{band}\n● significant inside an epoch", fontsize=7)
    pattern = components["patterns"][:, 0].rename("pattern").assign_attrs(units="1")
    isc.plot_topomap(pattern, ax=axes[-1])
    axes[-1].set_title("alpha envelopes:\npattern of component 1", fontsize=7)
    return figure


def main() -> None:
    """Run the experiment and write its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE / "output" / "data", help="where recordings are generated")
    parser.add_argument("--out", type=Path, default=HERE / "output", help="where the results go")
    parser.add_argument("--quick", action="store_true", help=f"{N_QUICK} surrogates instead of {N_SURROGATES}")
    options = parser.parse_args()
    n_surrogates = N_QUICK if options.quick else N_SURROGATES
    paths = write_viewers(options.data)
    eeg = read_viewers(paths)
    found = test_envelopes(envelopes(eeg), n_surrogates)
    mended = read_viewers(paths, lambda raw: raw.interpolate_bads(verbose="error"))
    more, components = further_estimators(eeg, mended, n_surrogates)
    summary = {**summarise(found), **more, "eeg/n_viewer": N_VIEWER, "eeg/n_surrogates": n_surrogates}
    table = found[["tisc", "p"]].to_dataframe().reset_index()
    columns = ["start", "stop", "channel", "band", "tisc", "p"]
    figures = {"course": draw_course(found), "maps": draw_maps(found, components)}
    write_results(
        options.out, summary=summary, tables={"windows": table[columns]}, figures=figures, dictionary="eeg_planted"
    )
    print("\n".join(f"{key}\t{value:.4g}" for key, value in summary.items()))


if __name__ == "__main__":
    main()
