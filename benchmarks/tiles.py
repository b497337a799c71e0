"""How much of a cube with time outside to read at a time: the two numbers that `isc.kernels.quick` fixes.

    python -m benchmarks.tiles

Prints, for 21 subjects, 3,600 frames and 1,404 series on one thread, CPU nanoseconds a sample of the mean over dyads
from a DataArray, for every number of features read together and of bytes of a chunk, alternated in one process, beside
a search of all values for bad ones and a plain sum over them.
"""

from collections.abc import Callable

import xarray as xr

import isc
from benchmarks.measure import alternated, as_cube, landmarks
from isc.cube import check_values
from isc.kernels import quick

TILES = (4, 8, 16)
CHUNKS = (400, 600, 2048)  # KiB
REPEATS = 5


def with_sizes(cube: xr.DataArray, n_tile: int, kibibytes: int) -> Callable[[], object]:
    """A call that reads `n_tile` times sixteen features together, and chunks of so many KiB for each sixteen."""

    def run() -> object:
        quick.TILES, quick.VALUES_BYTES = n_tile, kibibytes * 2**10
        return isc.temporal_isc(cube, n_threads=1)

    return run


def main() -> None:
    """Print the table."""
    values = landmarks(21, 3600, 468).reshape(21, 3600, -1)
    cube = as_cube(values)
    jobs: dict[str, Callable[[], object]] = {"plain sum": values.sum, "search": lambda: check_values(cube)}
    for n_tile in TILES:
        for kibibytes in CHUNKS:
            jobs[f"{16 * n_tile} features, {kibibytes} KiB"] = with_sizes(cube, n_tile, kibibytes)
    print("| read at a time | CPU ns per sample |\n|---|---|")
    for name, (cpu, _) in alternated(jobs, REPEATS).items():
        print(f"| {name} | {1e9 * cpu / values.size:.3f} |")


if __name__ == "__main__":
    main()
