"""Figures of the study of six observers: episodes around cuts, and ten minutes of the film."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

import isc
from isc.plots.style import BLUE, DASHED, INK, LINE_GREY, MM_PER_INCH, PAGE_WIDTH, styled

AROUND = 20.0  # s before and after a cut or a scene
EXCERPT = (3240.0, 3840.0)  # s, the ten minutes in the middle of the film


def rate_around(moments: np.ndarray, onsets: np.ndarray, *, duration: float, n_observer: int) -> np.ndarray:
    """New episodes a minute and observer in each second around the moments of a film of a duration."""
    inside = moments[(moments > AROUND) & (moments < duration - AROUND)]
    distance = (onsets[:, None] - inside).ravel()
    counts = np.histogram(distance, bins=np.arange(-AROUND, AROUND + 1))[0]
    return 60 * counts / (inside.size * n_observer)


@styled
def draw_around(events: dict[str, np.ndarray], onsets: np.ndarray, *, duration: float, n_observer: int) -> Figure:
    """Rate of new episodes around cuts and changes of scene."""
    figure = Figure(figsize=(PAGE_WIDTH / MM_PER_INCH, 2.2), layout="constrained")
    axes = figure.subplots(1, len(events), sharey=True)
    for ax, (name, moments) in zip(axes, events.items(), strict=True):
        rate = rate_around(moments, onsets, duration=duration, n_observer=n_observer)
        ax.stairs(rate, np.arange(-AROUND, AROUND + 1), color=BLUE, fill=True, alpha=0.4)
        mean = 60 * onsets.size / duration / n_observer
        ax.axhline(mean, color=INK, linewidth=0.8, linestyle=DASHED, label="mean of the film")
        ax.axvline(0, color=LINE_GREY, linewidth=0.8)
        ax.set(title=f"{name} (n = {moments.size})", xlabel="time from it (s; episodes begin at full seconds)")
    axes[0].set_ylabel("new episodes\n(per minute and observer)")
    axes[-1].legend()
    return figure


def draw_excerpt(agreement: xr.DataArray, band: xr.Dataset, scenes: pd.DataFrame) -> Figure:
    """Agreement in the middle of the film, every other scene shaded: the whole film would be too dense to read."""
    inside = (agreement["start"] >= EXCERPT[0]) & (agreement["stop"] <= EXCERPT[1])
    starts = scenes["onset"].to_numpy()
    every_other = pd.DataFrame({"onset": starts[:-1:2], "duration": np.diff(starts)[::2], "trial_type": "scene"})
    last = every_other["onset"] + every_other["duration"]
    shown = every_other[(every_other["onset"] >= EXCERPT[0]) & (last <= EXCERPT[1])]
    return isc.plot_agreement(agreement[inside], chance=band, epochs=shown)
