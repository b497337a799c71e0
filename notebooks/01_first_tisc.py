# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first temporal inter-subject correlation
#
# Ten people watch a film of one minute. Between 20 and 35 s something happens that moves all of them; otherwise
# everybody moves alone. We plant this in a cube, so that we know the answer, and look for it: t-ISC in 5 s windows
# every 1.67 s, and a null that keeps each person's smoothness.

# %%
import numpy as np

import isc
from isc.simulate import Signal

signal = Signal(rho=0.5, epochs=((20.0, 35.0),), kind="ar1", autocorrelation=0.95, n_axis=3)
cube = isc.simulate_cube(10, n_vertex=12, duration=60.0, rate=25.0, signal=signal, seed=1)
cube.sizes

# %% [markdown]
# A vertex is a point in space: its correlation sums the covariances over x, y and z, so that turning everybody's head
# by the same angle would change nothing. Windows are computed from seconds: at 25 Hz they are 125 samples long and
# start 42, 41, 42, ... samples apart.

# %%
tisc = isc.temporal_isc(cube)
print(tisc.sizes, "starts:", tisc["start_sample"].values[:5])
inside = (tisc["start"] >= 20) & (tisc["stop"] <= 35)
outside = (tisc["stop"] <= 20) | (tisc["start"] >= 35)
print(f"mean t-ISC inside {float(tisc[inside].mean()):.2f}, outside {float(tisc[outside].mean()):.2f}")

# %% [markdown]
# How large would the largest value be without synchrony? Every person's series is shifted circularly by a random
# amount, the same for all vertices; the largest t-ISC over all vertices and windows is kept. A value above the 95th
# percentile of these maxima is significant with a familywise error of 5 % over the whole recording.

# %%
null = isc.null_extremes(cube, n_surrogates=500, seed=1)
limits = isc.thresholds(null)
p = isc.p_values(tisc, null)
print(limits.attrs["error_rate"])
print(f"threshold {float(limits.threshold.sel(extreme='max')):.2f}")
print(f"significant inside {float((p[inside] <= 0.05).mean()):.0%}, outside {float((p[outside] <= 0.05).mean()):.1%}")

# %%
isc.plot_tisc(tisc.isel(vertex=0), thresholds=limits, significant=p.isel(vertex=0) <= 0.05)

# %% [markdown]
# ## The null that is not one
#
# The poster that this method comes from shuffled single frames. For smooth signals this says nothing about synchrony:
# on data of the same smoothness in which **nobody** shares anything, its threshold is passed all the time.

# %%
alone = isc.simulate_cube(
    10,
    n_vertex=12,
    duration=60.0,
    rate=25.0,
    seed=2,
    signal=Signal(rho=0.0, kind="ar1", autocorrelation=0.95, n_axis=3),
)
nothing = isc.temporal_isc(alone)
for scheme in ("timepoint_shuffle", "circular_shift"):
    limit = isc.thresholds(isc.null_extremes(alone, scheme=scheme, n_surrogates=200, seed=1)).threshold.sel(
        extreme="max"
    )
    print(f"{scheme:18s} threshold {float(limit):.3f}: {float((nothing > limit).mean()):.1%} of cells above it")

# %%
assert float(tisc[inside].mean()) > float(tisc[outside].mean()) + 0.2
assert np.isfinite(tisc).all()
