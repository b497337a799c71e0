"""What the sizes of the vertex kernels are worth: the kernel's time with other sizes, alternated in one process.

    python -m benchmarks.tuning

Sizes are those of `isc.kernels.quick`. Prints Markdown: median CPU nanoseconds per sample, and the ratio to the size
that is in use, both medians over the rounds; the numbers computed are the same bit for bit, which is checked.
"""

import argparse
from collections.abc import Callable
from statistics import median

import numpy as np

from benchmarks.measure import RATE, landmarks, timed
from isc.kernels import quick
from isc.kernels.correlation import pairwise_mean
from isc.kernels.layout import relayout
from isc.kernels.unlaid import pairwise_mean_of_values
from isc.windows import sliding_windows

MEGABYTE = 2**20
CHUNKS = [n * MEGABYTE // 2 for n in (1, 2, 4, 8, 16)]
TILES = [1, 2, 4, 8, 16]


def with_size(name: str, size: int, compute: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """CPU seconds and result of a computation while one size of `isc.kernels.quick` is another."""
    kept, results = getattr(quick, name), []
    setattr(quick, name, size)
    try:
        cpu, _ = timed(lambda: results.append(compute()))
    finally:
        setattr(quick, name, kept)
    return cpu, results[0]


def table(title: str, name: str, sizes: list[int], compute: Callable[[], np.ndarray], rounds: int, n: int) -> str:
    """Times of all sizes, called one after the other in every round."""
    used = getattr(quick, name)
    expected = compute()
    times: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(rounds):
        for size in sizes:
            cpu, found = with_size(name, size, compute)
            np.testing.assert_array_equal(found, expected)
            times[size].append(cpu)
    lines = [f"{title}, `{name}`", "", f"| {name} | ns per sample | times the size in use |", "|---|---|---|"]
    for size, cpus in times.items():
        ratio = median(cpu / base for cpu, base in zip(cpus, times[used], strict=True))
        lines.append(f"| {size}{' (in use)' if size == used else ''} | {1e9 * median(cpus) / n:.3f} | {ratio:.2f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    values = landmarks(21, 3600, 468).reshape(21, 3600, 1404, 1)
    windows = sliding_windows(3600, rate=RATE)
    series = relayout(values)

    def in_order() -> np.ndarray:
        return pairwise_mean(series, windows.starts, windows.length)[0]

    def as_it_lies() -> np.ndarray:
        return pairwise_mean_of_values(values, windows.starts, windows.length)[0]

    print(table("Kernel layout", "CHUNK_BYTES", CHUNKS, in_order, rounds, values.size))
    print(table("Cube (subject, time, feature)", "CHUNK_BYTES", CHUNKS, as_it_lies, rounds, values.size))
    print(table("Cube (subject, time, feature)", "TILES", TILES, as_it_lies, rounds, values.size))


if __name__ == "__main__":
    main()
