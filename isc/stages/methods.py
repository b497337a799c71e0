"""The methods paragraph of a report, written from the settings in force."""

import xarray as xr

from isc.stages.synchrony import deciding_schemes
from isc.study import Study
from isc.synchrony.decision import scheme_words

CITED = (
    "face_mesh",
    "alignment",
    "isc",
    "windows",
    "maximum_statistic",
    "p_value",
    "surrogates",
    "agreement",
    "bids",
)
SCHEMES = {
    "circular_shift": (
        "shifting every participant's series circularly by one random amount, the same for all features, over the "
        "whole recording before windowing (Kauppi et al. 2010)"
    ),
    "sign_flip": (
        "multiplying every participant's series, centred in each window, by one random sign for the whole recording, "
        "which keeps the autocorrelation of every window (all sign patterns where these are fewer than the surrogates)"
    ),
    "phase": (
        "giving every participant random Fourier phases, the same for all features, which keeps the power spectrum"
    ),
    "block": ("putting blocks of every participant's recording into random order, the same for all features"),
    "timepoint_shuffle": (
        "permuting the frames of every participant over the whole recording, which destroys autocorrelation and is "
        "reported for comparison with earlier work only"
    ),
}
SCOPES = {
    "recording": "over all features and windows (Nichols & Holmes 2002)",
    "window": "over the features of each window, without correction for the number of windows",
}


def methods_text(study: Study, cube: xr.DataArray, tisc: xr.DataArray) -> str:
    """What was done, ready for a paper, with the numbers of this study.

    Parameters
    ----------
    study : Study
    cube : DataArray
        Cube of aligned landmarks.
    tisc : DataArray
        t-ISC of the vertices.

    Returns
    -------
    str
        Paragraphs separated by empty lines.
    """
    return "\n\n".join(
        [_recording(study, cube), _synchrony(study, tisc), _inference(study, cube.sizes["subject"]), _behaviour(study)]
    )


def _recording(study: Study, cube: xr.DataArray) -> str:
    return (
        "Face landmarks (478 vertices) were tracked in every "
        f"{'frame' if study.extraction.every == 1 else f'{study.extraction.every}th frame'} of the videos with "
        "MediaPipe's FaceLandmarker (Kartynnik et al. 2019). Head movement and distance to the camera were removed by "
        "fitting each frame to the recording's mean of 26 stable vertices by rotation, translation and scale (Umeyama "
        "1991), in units of the inter-ocular distance. Recordings were put on one clock of the stimulus at "
        f"{cube.attrs['rate_hz']:g} Hz; stretches without a face of more than {study.cube.max_gap:g} s stayed missing."
    )


def _synchrony(study: Study, tisc: xr.DataArray) -> str:
    return (
        f"Temporal inter-subject correlation (t-ISC; Hasson et al. 2004, Kauppi et al. 2010) of "
        f"{tisc.attrs['n_subject']} participants was the arithmetic mean of Pearson's r over all pairs of participants "
        f"in windows of {study.tisc.window:g} s every {study.tisc.step:.3g} s ({tisc.sizes['window']} windows), for "
        f"every vertex (covariances summed over x, y and z) and for the distances of {len(study.tisc.pairs)} pairs of "
        f"vertices. A participant was left out of a window with less than {study.tisc.min_valid:.0%} valid samples or "
        "without movement. A trend shared within a window counts as synchrony."
    )


def _inference(study: Study, n_subject: int) -> str:
    nulls = "; and by ".join(SCHEMES[scheme] for scheme in study.null.shown)
    deciding = scheme_words(deciding_schemes(study, n_subject))
    return (
        f"Surrogate data without synchrony ({study.null.n_surrogates} a scheme, seed {study.null.seed}) were made by "
        f"{nulls}. Each t-ISC was compared with the surrogates' extremes {SCOPES[study.null.scope]}; "
        f"p = (b + 1) / (M + 1) (Phipson & Smyth 2010), alpha = {study.null.alpha:g}, tail: "
        f"{study.null.tail.replace('_', '-')}. A cell was significant when it "
        f"passed {deciding}. Rejecting a null of surrogates says that this null is wrong, not "
        "why (Moulder et al. 2018)."
    )


def _behaviour(study: Study) -> str:
    low, high = study.behaviour.lags
    return (
        f"Key presses less than {study.behaviour.merge:g} s apart counted once. Agreement was the share of people "
        "with a press in each t-ISC window (Labs et al. 2015). Its relation to t-ISC was tested by circular shifts of "
        f"the agreement series, over delays of {low:g} to {high:g} s fixed beforehand, after detrending both. "
        "All derivatives follow the conventions of BIDS (Gorgolewski et al. 2016)."
    )
