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
# # EEG and fMRI: the same functions
#
# A modality is not another toolbox: EEG channels or brain regions are features like vertices. Eight generated people,
# who share something between 10 and 20 s.

# %%
import mne
import nibabel as nib
import numpy as np
import xarray as xr

import isc
from isc.simulate import Signal

mne.set_log_level("warning")
N_SUBJECT = 8
rng = np.random.default_rng(8)

# %% [markdown]
# ## EEG
#
# `isc.read_eeg` takes any file or object of MNE. The shared part here is the **amplitude** of an alpha rhythm over the
# back of the head, while its phase is everybody's own: the raw signals do not correlate, their envelopes do.

# %%
RATE, DURATION = 100.0, 40.0  # Hz, s
CHANNELS = ["Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2"]
seconds = np.arange(0, DURATION, 1 / RATE)
shared_amplitude = 1 + 0.8 * np.sin(2 * np.pi * 0.4 * seconds) * ((seconds > 10) & (seconds < 20))


def generated_eeg(subject: str) -> xr.DataArray:
    alpha = np.cos(2 * np.pi * 10 * seconds + rng.uniform(0, 2 * np.pi)) * shared_amplitude
    noise = rng.normal(0, 0.4, (len(CHANNELS), seconds.size))
    at_the_back = np.array([name[0] in "PO" for name in CHANNELS])[:, None]
    info = mne.create_info(CHANNELS, RATE, "eeg")
    raw = mne.io.RawArray(1e-5 * (at_the_back * alpha + noise), info)
    return isc.read_eeg(raw, subject=subject, montage="standard_1020")


eeg = isc.stack_subjects({f"sub-{n:02d}": generated_eeg(f"sub-{n:02d}") for n in range(1, N_SUBJECT + 1)})
amplitude = isc.envelope(eeg, bands={"alpha": (8.0, 12.0)}).sel(band="alpha", drop=True)
raw_tisc, eeg_tisc = isc.temporal_isc(eeg), isc.temporal_isc(amplitude)
inside = (eeg_tisc["start"] >= 10) & (eeg_tisc["stop"] <= 20)
for name, tisc in (("raw signal", raw_tisc), ("alpha envelope", eeg_tisc)):
    back = tisc[inside].sel(channel=["P3", "P4", "O1", "O2"])
    front = tisc[inside].sel(channel=["Fp1", "Fp2", "F3", "F4"])
    print(f"{name:15s} back of the head {float(back.mean()):5.2f}, front {float(front.mean()):5.2f}")

# %%
isc.plot_topomap(eeg_tisc[inside].mean("window", keep_attrs=True))

# %% [markdown]
# ## fMRI
#
# `isc.read_bold` averages the voxels of each region of an atlas, takes out a line and confounds where given. Windows
# are longer: at a TR of 1 s a window of 5 s has five samples.

# %%
TR, N_VOLUME = 1.0, 120  # s
labels = np.zeros((6, 6, 6), dtype=np.int16)
labels[:3], labels[3:] = 1, 2
atlas = nib.Nifti1Image(labels, np.diag([3, 3, 3, 1]))
common = isc.simulate_cube(
    N_SUBJECT, n_vertex=2, duration=N_VOLUME * TR, rate=1 / TR, seed=8, signal=Signal(rho=0.4, epochs=((30.0, 90.0),))
)


def generated_bold(number: int) -> xr.DataArray:
    regions = common.isel(subject=number, vertex=0).values
    data = rng.normal(0, 0.5, (*labels.shape, N_VOLUME)) + (labels == 1)[..., None] * regions
    image = nib.Nifti1Image(data.astype(np.float32), atlas.affine)
    image.header.set_zooms((3, 3, 3, TR))
    image.header.set_xyzt_units("mm", "sec")
    return isc.read_bold(image, subject=f"sub-{number + 1:02d}", atlas=atlas, tr=TR)


bold = isc.stack_subjects({f"sub-{n + 1:02d}": generated_bold(n) for n in range(N_SUBJECT)})
result = isc.test_synchrony(bold, window=30.0, step=10.0, n_surrogates=199, seed=8)
print(result["tisc"].transpose("region", "window").round(2).values)
print(result.attrs["tested"].split(". ")[0])

# %%
first = result.isel(region=0)
isc.plot_tisc(first["tisc"], thresholds=result[["threshold"]], significant=first["significant"])

# %%
assert float(eeg_tisc[inside].sel(channel="O1").mean()) > float(raw_tisc[inside].sel(channel="O1").mean()) + 0.3
assert float(result["tisc"].isel(region=0).max()) > float(result["tisc"].isel(region=1).max())
