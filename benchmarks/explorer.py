"""Size and opening time of the explorer of a full study: 21 people, 720 windows (20 minutes), 468 vertices, 300 pairs.

    python benchmarks/explorer.py            prints megabytes, seconds to open from disk, milliseconds a window

Values are noise, which is as large and as slow to draw as any other. Chromium and playwright are needed.
"""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import xarray as xr
from playwright.sync_api import sync_playwright

import isc
from isc.report import Explorer

N_WINDOW, N_VERTEX, N_PAIR, N_SUBJECT, STEP = 720, 468, 300, 21, 5 / 3
N_OPEN, N_SHOWN = 5, 100  # times the page is opened; windows drawn
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def full_size_explorer() -> Explorer:
    """Explorer with every kind of content."""
    rng = np.random.default_rng(0)
    time_s = np.arange(N_WINDOW) * STEP + 2.5
    counts = rng.integers(18, N_SUBJECT + 1, (N_WINDOW, N_VERTEX))
    coords = {"time": ("window", time_s), "n_subject": (("window", "vertex"), counts)}
    tisc = xr.DataArray(rng.normal(0, 0.15, (N_WINDOW, N_VERTEX)), dims=("window", "vertex"), coords=coords)
    ends = {name: ("pair", rng.integers(0, N_VERTEX, N_PAIR)) for name in ("vertex_a", "vertex_b")}
    pairs = xr.DataArray(
        rng.normal(0, 0.15, (N_WINDOW, N_PAIR)), dims=("window", "pair"), coords={"time": ("window", time_s), **ends}
    )
    limits = xr.Dataset({"threshold": ("extreme", [-np.inf, 0.4])}, coords={"extreme": ["min", "max"]})
    shape = xr.DataArray(rng.normal(size=(N_VERTEX, 3)), dims=("vertex", "space"))
    return isc.explore(
        tisc,
        shape,
        thresholds=limits,
        pairs=xr.Dataset({"tisc": pairs, "threshold": limits["threshold"]}),
        agreement=xr.DataArray(rng.random(N_WINDOW), dims="window"),
        peaks=rng.uniform(0, N_WINDOW * STEP, 200),
    )


def main() -> None:
    """Measure and print."""
    started = time.process_time()
    page = full_size_explorer().save(Path(tempfile.mkdtemp(), "explore.html"))
    print(f"made in {time.process_time() - started:.2f} CPU s, {page.stat().st_size / 1e6:.2f} MB")
    path = next(found for found in map(shutil.which, BROWSERS) if found)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        seconds = []
        for _ in range(N_OPEN):
            tab = browser.new_context(offline=True, viewport={"width": 1360, "height": 1000}).new_page()
            started = time.perf_counter()
            tab.goto(page.as_uri())
            tab.wait_for_selector("body[data-ready=yes]")
            seconds.append(time.perf_counter() - started)
        print(f"opened in {statistics.median(seconds):.2f} s (median of {N_OPEN}; {max(seconds):.2f} s at most)")
        script = f"""async () => {{
          const started = performance.now();
          for (let window = 0; window < {N_SHOWN}; window += 1) {{
            isc.show(window);
            await new Promise(requestAnimationFrame);
          }}
          return (performance.now() - started) / {N_SHOWN};
        }}"""
        print(f"{tab.evaluate(script):.0f} ms a window while it plays")
        browser.close()


if __name__ == "__main__":
    main()
