"""Error rate of circular shift and sign flip where many subjects miss the same seconds.

    python -m benchmarks.shared_gaps [--n-data 150]

Ten people without synchrony (autoregressive, .9), 40 s at 30 Hz, of whom seven stop 5/6 through the film: share of data
sets with a significant window, familywise 5 %, 99 surrogates each.
"""

import argparse

import numpy as np
import xarray as xr

import isc

SUBJECTS, STAY, TIME, STOP, MEMORY, RATE = 10, 3, 1200, 1000, 0.9, 30
WARM_UP = 200  # samples before the film: the series have forgotten their beginning
SCHEMES = ("circular_shift", "sign_flip")


def recordings(seed: int) -> xr.DataArray:
    """Cube (subject, time, vertex) of unrelated people, most of whom stop early."""
    values = np.random.default_rng(seed).normal(size=(SUBJECTS, TIME + WARM_UP))
    for t in range(1, values.shape[1]):
        values[:, t] += MEMORY * values[:, t - 1]
    values = values[:, WARM_UP:]
    values[STAY:, STOP:] = np.nan
    coords = {"time": np.arange(TIME) / RATE}
    return xr.DataArray(values[..., None], dims=("subject", "time", "vertex"), coords=coords)


def found(cube: xr.DataArray, scheme: str, seed: int) -> bool:
    """Whether some window is significant."""
    null = isc.null_extremes(cube, scheme=scheme, n_surrogates=99, seed=seed, n_threads=1)
    p = isc.p_values(isc.temporal_isc(cube, n_threads=1), null)
    return bool(float(p.min()) <= 0.05)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n-data", type=int, default=150, help="data sets")
    seeds = range(parser.parse_args().n_data)
    print("| scheme | data sets with a significant window |\n|---|---|")
    for scheme in SCHEMES:
        share = np.mean([found(recordings(seed), scheme, seed) for seed in seeds])
        print(f"| {scheme} | {100 * share:.1f} % |")


if __name__ == "__main__":
    main()
