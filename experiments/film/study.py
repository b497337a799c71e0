"""What the film experiment analyses: a BIDS study of the user's, or a generated audience with known answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isc.io.bids import derivative_path
from isc.io.derivatives import read_sidecar, read_table
from isc.io.layout.names import Entities
from isc.mesh import mean_shape
from isc.simulate import simulate_audience, simulate_landmarks
from isc.simulate.portrait import load_portrait
from isc.stages.provenance.shelf import load_array
from isc.stages.run import RunRequest, run

FIRST_CALM, LAST_CALM = 8.0, 10.0  # s, at the ends of a generated film
FACE_DELAY = 0.175  # s, mean time from the generated film to a viewer's face
THINNING, MOMENTS = 81, 82  # keep these draws apart from the other draws


@dataclass(frozen=True)
class FilmStudy:
    """Faces and presses on the clock of one film.

    Attributes
    ----------
    cube : DataArray (subject, time, vertex, space)
        Aligned landmarks.
    presses : DataFrame
        Columns subject, onset (s).
    logs : DataFrame
        Columns subject, start, stop (s): who kept a valid log, and when.
    shape : DataArray (vertex, space)
        Mean face.
    duration : float
        Of the film, s.
    epochs : DataFrame or None
        Columns onset, duration (s): where synchrony was planted, in a generated study.
    """

    cube: xr.DataArray
    presses: pd.DataFrame
    logs: pd.DataFrame
    shape: xr.DataArray
    duration: float
    epochs: pd.DataFrame | None = None


def read_bids_study(folder: Path, task: str) -> FilmStudy:
    """Faces and presses of a BIDS study from the derivatives of ``isc run``, which is called where there are none."""
    out_dir = folder / "derivatives" / "isc"
    path = derivative_path(out_dir, "cube", Entities(task=task))
    if not path.exists():
        given = folder / "code" / "settings.toml"
        code = run(RunRequest(folder, out_dir, settings=given if given.exists() else None))
        if not path.exists():
            raise SystemExit(f"isc run could not use {folder.name} (exit code {code}); see {out_dir / 'logs'}")
    cube = load_array(path)
    duration = float(cube["time"][-1])
    presses, logs = [], []
    for name in map(str, cube["subject"].values):
        path = derivative_path(out_dir, "peaks", Entities(task=task, subject=name.removeprefix("sub-")))
        if not path.exists() or not (log := read_sidecar(path))["LogValid"]:
            continue
        stop = np.inf if log["LogStop"] is None else float(log["LogStop"])
        logs.append({"subject": name, "start": float(log["LogStart"]), "stop": stop})
        presses.append(read_table(path)[["onset"]].assign(subject=name))
    if not logs:
        raise SystemExit("no participant has a valid key log, so there is no agreement to relate synchrony to")
    return FilmStudy(cube, pd.concat(presses), pd.DataFrame(logs), mean_shape(cube), duration)


def generated_study(options: dict[str, Any], seed: int) -> FilmStudy:
    """Audience that shares smile, brow and jaw in known moments and presses a key 1 to 2 s after their peaks."""
    audience = simulate_audience(
        options["n_viewer"],
        duration=options["duration"],
        rate=options["rate"],
        n_solo=options["n_solo"],
        epochs=_moments(options, seed),
        seed=seed,
    )
    cube = simulate_landmarks(audience, rate=options["rate"])
    names, rng = cube["subject"].values, np.random.default_rng([seed, THINNING])
    presses = pd.concat(
        [viewer.key_log.assign(subject=name) for viewer, name in zip(audience.viewers, names, strict=True)],
        ignore_index=True,
    )
    kept = presses[rng.random(len(presses)) < options["report_share"]]
    logs = pd.DataFrame({"subject": names, "start": 0.0, "stop": audience.duration})
    neutral = load_portrait().neutral[: cube.sizes["vertex"]]
    shape = xr.DataArray(neutral, dims=("vertex", "space"), coords={"space": ["x", "y", "z"]})
    return FilmStudy(cube, kept[["subject", "onset"]], logs, shape, audience.duration, audience.epochs)


def _moments(options: dict[str, Any], seed: int) -> list[tuple[float, float]]:
    """Irregular moments over the film: a regular pattern would fit itself again when it is shifted."""
    rng = np.random.default_rng([seed, MOMENTS])
    found, now = [], FIRST_CALM
    while True:
        length = rng.uniform(*options["moment"])
        if now + length > options["duration"] - LAST_CALM:
            return found
        found.append((round(now, 2), round(now + length, 2)))
        now += length + rng.uniform(*options["calm"])


def planted_delay(study: FilmStudy) -> float:
    """Mean time from the middle of a moment in the faces to the presses that follow its peak, s; NaN if unknown."""
    if study.epochs is None:
        return float("nan")
    onset = study.presses["onset"].to_numpy()[:, None]
    peak = study.epochs["peak"].to_numpy()
    after = onset - peak
    answers = (after >= 0.9) & (after <= 2.1)  # presses come 1 to 2 s after the peak
    middle = study.epochs["onset"].to_numpy() + study.epochs["duration"].to_numpy() / 2
    return float((onset - middle)[answers].mean() - FACE_DELAY)
