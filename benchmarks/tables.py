"""The results as Markdown, and their place in benchmarks/README.md."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- written by python -m benchmarks.run -->\n", "<!-- end -->\n"


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A Markdown table; numbers to three digits."""
    lines = [list(head)]
    lines += [["---"] * len(lines[0])]
    lines += [[cell if isinstance(cell, str) else short(cell) for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def short(value: float | None) -> str:
    """A number to three significant digits, without powers of ten where they are not needed."""
    if value is None:
        return ""
    if value and abs(value) < 1e-3:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def markdown(results: Mapping[str, Any]) -> str:
    """Every table of the results."""
    parts = [_told(results["machine"])]
    for key, write in (
        ("comparison", _comparison),
        ("precision", _precision),
        ("scaling", _scaling),
        ("threads", _threads),
        ("workers", _workers),
        ("full", _full),
    ):
        if key in results:
            parts.append(write(results[key]))
    return "\n".join(parts)


def write_readme(results: Mapping[str, Any]) -> None:
    """Put the tables between the marks in benchmarks/README.md."""
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    README.write_text(before + BEGIN + "\n" + markdown(results) + "\n" + END + after, encoding="utf-8")


def _told(machine: Mapping[str, Any]) -> str:
    return (
        f"Printed by `{machine['command']}` on {machine['date']}: {machine['cores']} cores, load {machine['load']} at "
        f"the start and {machine['load_at_end']} at the end, numpy {machine['numpy']}, numba {machine['numba']}.\n"
    )


def _comparison(found: Mapping[str, Any]) -> str:
    head = ["method", "CPU s", "wall s", "µs per window and series", "ns per sample"]
    rows = [
        [n, r["cpu_s"], r["wall_s"], r["us_per_window_and_series"], r["ns_per_sample"]]
        for n, r in found["rows"].items()
    ]
    ratios = [[name, ratio] for name, ratio in found["times BrainIAK"].items()]
    return (
        f"### 21 subjects, {found['frames']:,} frames at 30 Hz, {found['series']:,} series, {found['windows']} windows "
        "of 5 s every 5/3 s, one thread\n\n"
        + table(head, rows)
        + "\n"
        + table(["", "times as fast as BrainIAK (CPU)"], ratios)
    )


def _precision(found: Mapping[str, Mapping[str, float]]) -> str:
    names = list(next(iter(found.values())))
    rows = [[data, *(f"{errors[name]:.1e}" for name in names)] for data, errors in found.items()]
    return "### Largest error against float64 (12 subjects, 50 s at 30 Hz)\n\n" + table(["data", *names], rows)


def _scaling(found: Mapping[str, float]) -> str:
    return "### Growth, one thread\n\n" + table(["", "CPU ns per subject, frame and series or pair"], found.items())


def _threads(found: Mapping[str, Mapping[str, float]]) -> str:
    rows = [[n, r["wall_1_s"], r["wall_2_s"], r["speedup"]] for n, r in found.items()]
    head = ["21 subjects, 3,600 frames", "wall s, 1 thread", "wall s, 2 threads", "times as fast"]
    return "### Threads (same bits)\n\n" + table(head, rows)


def workers_table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Strong and weak scaling from one worker process to two."""
    head = [
        "job",
        "1 worker, wall s",
        "2 workers",
        "times as fast",
        "twice the work on 2 workers, wall s",
        "efficiency",
    ]
    keys = ["wall_1_s", "wall_2_s", "strong", "wall_2_twice_s", "weak"]
    rows = [[name, *(row[k] for k in keys), "yes" if row["same_bits"] else "NO"] for name, row in found.items()]
    return table([*head, "same bits as here"], rows)


def _workers(found: Mapping[str, Mapping[str, Any]]) -> str:
    return "### Worker processes of a dask cluster (21 subjects, data handed over by the client)\n\n" + workers_table(
        found
    )


def _full(found: Iterable[Mapping[str, Any]]) -> str:
    head = ["job", "features", "windows", "CPU s", "wall s", "threads", "input MB", "output MB"]
    head += ["peak above both, MB", "largest error"]
    keys = ["features", "windows", "cpu_s", "wall_s", "threads", "input_MB", "output_MB"]
    rows = [
        [r["job"], *(r[k] for k in keys), r["peak_above_input_and_output_MB"], r.get("largest_error")] for r in found
    ]
    return "### The full-size study, whole: 21 subjects, 468 vertices (each job in a process of its own)\n\n" + table(
        head, rows
    )
