"""How much to read at a time: the three numbers that `isc.kernels.dyads.quick` fixes.

    python -m benchmarks.tiles

Prints, for 21 subjects, 3,600 frames and 1,404 series on one thread, CPU nanoseconds a sample of the mean over dyads,
from a DataArray for every number of bytes read together and of bytes of a chunk, and of series in the kernel's layout
for every number of bytes of a chunk, alternated in one process, beside a search of all values for bad ones and a plain
sum over them.
"""

from collections.abc import Callable

import isc
from benchmarks.measure import RATE, alternated, as_cube, landmarks
from isc.cube import check_values
from isc.kernels.correlation import pairwise_mean
from isc.kernels.dyads import quick
from isc.kernels.windows.layout import relayout
from isc.windows import sliding_windows

TOGETHER = (2, 4, 8, 16)  # MiB
CHUNKS = (400, 600, 2048)  # KiB
REPEATS = 5


def with_sizes(run: Callable[[], object], **sizes: int) -> Callable[[], object]:
    """The call with these sizes in `isc.kernels.dyads.quick`."""

    def sized() -> object:
        for name, n_byte in sizes.items():
            setattr(quick, name, n_byte)
        return run()

    return sized


def main() -> None:
    """Print the table."""
    values = landmarks(21, 3600, 468).reshape(21, 3600, -1)
    cube, series, windows = as_cube(values), relayout(values[..., None]), sliding_windows(3600, rate=RATE)
    jobs: dict[str, Callable[[], object]] = {"plain sum": values.sum, "search": lambda: check_values(cube)}
    for kibibytes in CHUNKS:
        for mebibytes in TOGETHER:
            sizes = {"READ_BYTES": mebibytes * 2**20, "VALUES_BYTES": kibibytes * 2**10}
            name = f"DataArray: {mebibytes} MiB together, chunks of {kibibytes} KiB"
            jobs[name] = with_sizes(lambda: isc.temporal_isc(cube, n_threads=1), **sizes)
        jobs[f"kernel layout: chunks of {kibibytes} KiB"] = with_sizes(
            lambda: pairwise_mean(series, windows.starts, windows.length), SERIES_BYTES=kibibytes * 2**10
        )
    print("| read at a time | CPU ns per sample |\n|---|---|")
    for name, (cpu, _) in alternated(jobs, REPEATS).items():
        print(f"| {name} | {1e9 * cpu / values.size:.3f} |")


if __name__ == "__main__":
    main()
