"""How alike people's continuous ratings of valence and arousal are, for four clips of one minute.

Data. CEAP-360VR (Xue et al. 2021, doi:10.1109/TMM.2021.3124080; CC BY-NC 4.0): 32 people moved a joystick while they
watched 360-degree videos; valence and arousal from 1 to 9 (start 5), resampled to the frames of the clips (25 or
30 Hz).

Methods. For each clip and scale: each person's rating with the mean of the other 31 over the whole clip
(leave-one-out r; a rating that never moves is left out and counted), its mean, and what it would be by chance, in two
ways. (1) Shift: everybody shifted circularly by an amount of their own, 1000 times. All ratings start at 5 and drift
away from it, and shifts destroy that common start, so this null is too easy to beat. (2) Mismatch: each person's
rating of this clip with the mean of the others' ratings of another clip, averaged over the other three: what people
share because they move a joystick away from the middle at all. The difference (same clip - other clips) has a 95 %
interval over people (bootstrap) and a p by flipping its sign person by person; as people are in one another's means,
both are approximate. (3) t-ISC in windows of 10 s every 10/3 s, familywise error 5 % by circular shifts. Clips of one
minute are too short to be related to another series (isc.correlate_with_agreement refuses films below three minutes).

    python experiments/ceap/run.py [--data DIR] [--out DIR] [--quick]

Writes figures/, tables/ and summary.json (keys in data_dictionary/ceap.json).
"""

import argparse
import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

import isc
from isc.io.published import PublishedData, PublishedDataError, find_published, local_copy
from isc.plots.style import BLUE, INK, LINE_GREY, MM_PER_INCH, PAGE_WIDTH, VERMILLION, styled
from isc.report import write_results
from isc.untrusted import load_npz

CLIPS, SCALES = ("V1", "V2", "V3", "V4"), ("valence", "arousal")
N_PERSON = 32
PACKED = (
    PublishedData(  # the four clips in one file, as this project keeps them: (person, frame, [t, valence, arousal])
        name="ratings_ceap360",
        address="",
        sha256={"ceap360_v1_to_v4.npz": "012fc14a7f13de3f5d61b1f71e86988dea5e074cfc3ec807bc0dca4b533b76f9"},
        licence="CC BY-NC 4.0",
    )
)
PUBLISHED = PublishedData(  # a JSON file a person; their hashes are not known here, so the content is checked instead
    name="ceap360_frame",
    address="https://github.com/cwi-dis/CEAP-360VR-Dataset/raw/d41a821/CEAP-360VR/3_AnnotationData/Frame",
    sha256={f"P{number}_Annotation_FrameData.json": None for number in range(1, N_PERSON + 1)},
    licence="CC BY-NC 4.0",
)
CONTENT_SHA256 = {  # of the float32 arrays (person, frame, [t, valence, arousal])
    "V1": "975c9b739f72017aeb5666d0fb88fd94dbc64088c54b2cf7f9af7f2f56e435f7",
    "V2": "4eda3dd038ecf0afc589bf1f693b43fc0c27cecc3329cd58a23b13c8b2796dd0",
    "V3": "7a084c497a2d1cfcea4934ad6443ee5d137851f63c176e431c2b48637c884187",
    "V4": "917325b75fa777ed39d80118685cdc9a0ec0581c694f2c853c57fb82d5d506ae",
}
WINDOW, STEP = 10.0, 10 / 3  # s
COMMON_RATE = 5.0  # Hz, on which clips of 25 and 30 Hz are compared
N_SURROGATES, N_QUICK, N_RESAMPLE = 1000, 50, 10_000
SEED = 20216
HERE = Path(__file__).parent


def read_clips(given: Path | None) -> dict[str, np.ndarray]:
    """Arrays (person, frame, [t, valence, arousal]) of the four clips, from the packed or the published files."""
    try:
        packed = local_copy(PACKED, given)
    except PublishedDataError:  # the folder given may hold the published files
        packed = None
    if packed is not None:
        arrays = load_npz(packed / "ceap360_v1_to_v4.npz")
        return {clip: arrays[clip] for clip in CLIPS}
    folder = find_published(PUBLISHED, given)
    clips = read_published([folder / name for name in PUBLISHED.sha256])
    for clip, values in clips.items():
        if hashlib.sha256(values.tobytes()).hexdigest() != CONTENT_SHA256[clip]:
            warnings.warn(f"ratings of {clip} are not those of commit d41a821; numbers will differ", stacklevel=2)
    return clips


def read_published(paths: list[Path]) -> dict[str, np.ndarray]:
    """The same arrays from the published JSON files, one a person.

    Layout: ContinuousAnnotation_FrameData[0].Video_Annotation_FrameData is a list of clips with VideoID and
    TimeStamp_Valence_Arousal, a list of {TimeStamp, Valence, Arousal}. Clips that some frames lack end in NaN.
    """
    rows: dict[str, list[np.ndarray]] = {clip: [] for clip in CLIPS}
    for path in paths:
        (person,) = json.loads(path.read_text(encoding="utf-8"))["ContinuousAnnotation_FrameData"]
        videos = {video["VideoID"]: video for video in person["Video_Annotation_FrameData"]}
        for clip in CLIPS:
            frames = videos[clip]["TimeStamp_Valence_Arousal"]
            values = [(frame["TimeStamp"], frame["Valence"], frame["Arousal"]) for frame in frames]
            rows[clip].append(np.array(values, dtype=np.float32))
    return {clip: _stacked(people) for clip, people in rows.items()}


def _stacked(people: list[np.ndarray]) -> np.ndarray:
    longest = max(len(person) for person in people)
    stacked = np.full((len(people), longest, 3), np.nan, dtype=np.float32)
    for row, person in enumerate(people):
        stacked[row, : len(person)] = person
    return stacked


def rating_cube(values: np.ndarray, scale: str) -> xr.DataArray:
    """Ratings of a clip (subject, time) on its even frames; the time stamps are rounded to milliseconds."""
    time = np.nanmean(values[:, :, 0], axis=0)
    even = np.linspace(time[0], time[-1], time.size)
    coords = {"subject": [f"P{k + 1}" for k in range(len(values))], "time": ("time", even, {"units": "s"})}
    return xr.DataArray(values[:, :, 1 + SCALES.index(scale)], dims=("subject", "time"), coords=coords, name=scale)


def leave_one_out(cube: xr.DataArray) -> np.ndarray:
    """Correlation of each person with the mean of the others, (person,); NaN for a rating that never moves."""
    return isc.isc(cube, estimator="leave_one_out", summary=None).values.astype(float)


def shifted_mean(cube: xr.DataArray, n_surrogates: int) -> np.ndarray:
    """Mean leave-one-out r when everybody is shifted circularly by an amount of their own."""
    rng = np.random.default_rng(SEED)
    means = np.empty(n_surrogates)
    for k in range(n_surrogates):
        amounts = rng.integers(cube.sizes["time"], size=cube.sizes["subject"])
        rows = [np.roll(row, amount) for row, amount in zip(cube.values, amounts, strict=True)]
        means[k] = np.nanmean(leave_one_out(cube.copy(data=np.array(rows))))
    return means


def mismatched(cube: xr.DataArray, others: list[xr.DataArray]) -> np.ndarray:
    """Each person's rating with the mean of the others' ratings of the other clips, averaged, (person,)."""
    time = np.arange(0.0, min(float(c["time"][-1]) for c in [cube, *others]), 1 / COMMON_RATE)
    own = cube.interp(time=time).values
    found = []
    for other in others:
        foreign = other.interp(time=time).values
        rest = (np.nansum(foreign, axis=0) - np.nan_to_num(foreign)) / (len(foreign) - 1)
        found.append([_correlation(x, y) for x, y in zip(own, rest, strict=True)])
    return np.mean(found, axis=0)


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    kept = np.isfinite(x) & np.isfinite(y)
    if kept.sum() < 3 or np.ptp(x[kept]) == 0 or np.ptp(y[kept]) == 0:
        return np.nan
    return float(np.corrcoef(x[kept], y[kept])[0, 1])


def clip_results(cube: xr.DataArray, others: list[xr.DataArray], n_surrogates: int) -> dict[str, float]:
    """All numbers of one clip and scale."""
    rng = np.random.default_rng(SEED)
    each, foreign = leave_one_out(cube), mismatched(cube, others)
    shifted = shifted_mean(cube, n_surrogates)
    difference = (each - foreign)[np.isfinite(each - foreign)]
    resampled = rng.choice(difference, size=(N_RESAMPLE, difference.size)).mean(axis=1)
    flipped = (rng.choice([-1.0, 1.0], size=(N_RESAMPLE, difference.size)) * difference).mean(axis=1)
    mean = float(np.nanmean(each))
    tisc = isc.temporal_isc(cube, window=WINDOW, step=STEP)
    null = isc.null_extremes(cube, window=WINDOW, step=STEP, n_surrogates=n_surrogates, seed=SEED)
    upper = float(isc.thresholds(null)["threshold"].sel(extreme="max"))
    return {
        "isc_loo/mean": mean,
        "isc_loo/sd": float(np.nanstd(each, ddof=1)),
        "isc_loo/n": int(np.isfinite(each).sum()),
        "isc_loo/p_shift": (1 + int((shifted >= mean).sum())) / (1 + n_surrogates),
        "mismatched_loo/mean": float(np.nanmean(foreign)),
        "difference/mean": float(difference.mean()),
        "difference/low": float(np.quantile(resampled, 0.025)),
        "difference/high": float(np.quantile(resampled, 0.975)),
        "difference/p": (1 + int((np.abs(flipped) >= abs(difference.mean())).sum())) / (1 + N_RESAMPLE),
        "isc_pairwise/mean": float(isc.isc(cube)),
        "tisc/significant_share": float((tisc > upper).mean()),
        "tisc/threshold": upper,
    }


@styled
def draw_ratings(cubes: dict[str, dict[str, xr.DataArray]]) -> Figure:
    """Everybody's rating of every clip, and the mean."""
    figure = Figure(figsize=(PAGE_WIDTH / MM_PER_INCH, 3.6), layout="constrained")
    axes = figure.subplots(len(SCALES), len(CLIPS), sharex=True, sharey=True)
    for row, scale in zip(axes, SCALES, strict=True):
        for ax, clip in zip(row, CLIPS, strict=True):
            cube = cubes[scale][clip]
            ax.plot(cube["time"], cube.values.T, color=LINE_GREY, linewidth=0.4, alpha=0.35)
            ax.plot(cube["time"], cube.mean("subject"), color=BLUE, linewidth=1.6)
            ax.axhline(5, color=INK, linewidth=0.4)
        row[0].set_ylabel(f"{scale} (1 to 9)")
    for ax, clip in zip(axes[0], CLIPS, strict=True):
        ax.set_title(f"{clip} (n = {cubes[SCALES[0]][clip].sizes['subject']})")
    for ax in axes[-1]:
        ax.set_xlabel("time (s)")
    axes[0, 0].set(ylim=(0.8, 9.2), yticks=[1, 3, 5, 7, 9])
    return figure


@styled
def draw_summary(table: pd.DataFrame) -> Figure:
    """Mean leave-one-out r of every clip and scale beside what mismatched clips give."""
    figure = Figure(figsize=(PAGE_WIDTH / MM_PER_INCH / 2, 2.6), layout="constrained")
    ax = figure.subplots()
    place = np.arange(len(table))
    ax.errorbar(
        place,
        table["mismatched_loo_mean"] + table["difference_mean"],
        yerr=[
            table["difference_mean"] - table["difference_low"],
            table["difference_high"] - table["difference_mean"],
        ],
        fmt="o",
        color=BLUE,
        markersize=4,
        linewidth=1,
        label="same clip (95 % interval of the difference)",
    )
    ax.plot(place, table["mismatched_loo_mean"], "D", color=VERMILLION, markersize=3.5, label="other clips")
    ax.axhline(0, color=LINE_GREY, linewidth=0.6)
    ax.set_xticks(place, [f"{row.clip}\n{row.scale[:3]}." for row in table.itertuples()])
    ax.set_ylabel("mean leave-one-out r")
    figure.legend(loc="outside upper left")
    return figure


def main() -> None:
    """Run the experiment and write its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the published or packed files; by default ISC_DATA")
    parser.add_argument("--out", type=Path, default=HERE / "output", help="where the results go")
    parser.add_argument("--quick", action="store_true", help=f"{N_QUICK} surrogates instead of {N_SURROGATES}")
    options = parser.parse_args()
    n_surrogates = N_QUICK if options.quick else N_SURROGATES
    clips = read_clips(options.data)
    cubes = {scale: {clip: rating_cube(clips[clip], scale) for clip in CLIPS} for scale in SCALES}
    rows, summary = [], {"ceap/n_surrogates": n_surrogates}
    for clip in CLIPS:
        for scale in SCALES:
            others = [cubes[scale][other] for other in CLIPS if other != clip]
            found = clip_results(cubes[scale][clip], others, n_surrogates)
            summary |= {f"ceap/{clip}/{scale}/{name}": value for name, value in found.items()}
            rows.append({"clip": clip, "scale": scale} | {k.replace("/", "_"): v for k, v in found.items()})
    table = pd.DataFrame(rows)
    figures = {"ratings": draw_ratings(cubes), "summary": draw_summary(table)}
    write_results(options.out, summary=summary, tables={"clips": table}, figures=figures, dictionary="ceap")
    print(table.round(3).T.to_string(header=False))


if __name__ == "__main__":
    main()
