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
# # Reported peaks: agreement, and is it when faces move together?
#
# Fifteen people watch a film of four minutes and press a key when they feel something. At three moments something
# happens; most of them press within two seconds, and their faces move together for a while. We plant both, then look
# whether the relation is found and when it would not be.

# %%
import numpy as np
import pandas as pd

import isc
from isc.simulate import Signal

DURATION = 240.0  # s
MOMENTS = [40.0, 110.0, 190.0]  # s
epochs = tuple((moment - 4, moment + 8) for moment in MOMENTS)
signal = Signal(rho=0.5, epochs=epochs, kind="ar1", autocorrelation=0.9)
cube = isc.simulate_cube(15, n_vertex=3, duration=DURATION, rate=12.5, signal=signal, seed=4)
tisc = isc.temporal_isc(cube)

# %% [markdown]
# ## From presses to agreement
#
# A peak counts for every window that it falls into; agreement is the share of raters with a peak. Somebody whose log is
# missing is not somebody who felt nothing: raters and the time that their logs cover are given.

# %%
names = [str(name) for name in cube["subject"].values]
logs = [isc.simulate_key_log(MOMENTS, duration=DURATION, subject_index=n, seed=4) for n in range(len(names))]
peaks = pd.concat([log.assign(subject=name) for log, name in zip(logs, names, strict=True)], ignore_index=True)
raters = pd.DataFrame({"subject": names, "start": 0.0, "stop": DURATION})
agreement = isc.peak_agreement(peaks, windows=tisc, raters=raters)
chance = isc.chance_band(peaks, windows=agreement, duration=DURATION, n_surrogates=199, seed=4)
print(f"largest agreement {float(agreement.max()):.0%}; by chance {float(chance['threshold']):.0%} in 5 % of films")

# %%
shown = pd.DataFrame({"onset": [start for start, _ in epochs], "duration": 12.0})
isc.plot_agreement(agreement, chance=chance, epochs=shown)

# %% [markdown]
# ## The relation to synchrony
#
# Both series are smooth, so that neighbouring windows say nearly the same, and the usual p of a correlation is far too
# small. The null rolls the agreement against t-ISC and searches the same lags each time. A positive lag means that
# presses follow faces.

# %%
relation = isc.correlate_with_agreement(tisc, agreement, lags=(0.0, 3.0))
naive = isc.correlate_with_agreement(tisc, agreement, lags=(0.0, 3.0), method="naive")
table = relation[["r", "lag", "p", "p_fwe", "effective_n"]].to_dataframe().assign(naive_p=naive["p"].values)
print(f"{tisc.sizes['window']} windows, worth {float(relation['effective_n'].mean()):.0f} independent ones")
table.round(4)

# %%
isc.plot_tisc(tisc.isel(vertex=0), agreement=agreement, epochs=shown)

# %% [markdown]
# ## What the relation does not say
#
# The same people give faces and presses: pressing a key may itself move a face. `control=isc.SplitHalf(...)` compares
# the faces of one half of the people with the presses of the other, and `isc.PressExclusion` leaves everybody's face
# out around their own presses. And a film has few independent windows: below ten, no p-value is given at all.

# %%
assert float(relation["r"].min()) > 0.3
assert float(relation["p_fwe"].min()) <= 0.05
assert np.nanmax(relation["effective_n"]) < tisc.sizes["window"]
