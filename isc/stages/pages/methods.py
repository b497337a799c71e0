"""The methods paragraph of a report, written from the settings in force."""

import xarray as xr

from isc.stages.group.synchrony import deciding_schemes
from isc.study import Study
from isc.synchrony.decision import scheme_words
from isc.synchrony.smoothness.autocorrelation import REFUSE_SUBJECTS

MARKS = {  # how the text cites each entry of isc.report.CITATIONS
    "face_mesh": "Kartynnik et al. 2019",
    "alignment": "Umeyama 1991",
    "isc": "Hasson et al. 2004",
    "windows": "Kauppi et al. 2010",
    "maximum_statistic": "Nichols & Holmes 2002",
    "exchangeability": "Winkler et al. 2015",
    "p_value": "Phipson & Smyth 2010",
    "surrogates": "Moulder et al. 2018",
    "agreement": "Labs et al. 2015",
    "bids": "Gorgolewski et al. 2016",
}
SPACES = {
    "vector": "its three coordinates together, their covariances summed",
    "axes": "each of its three coordinates by itself",
    "norm": "its distance from the origin of the aligned face in the x-y plane",
    "displacement": "the length of its movement from its mean place",
}
EXTENTS = {
    "equal": "All recordings covered the same span.",
    "common": "The span that all recordings cover was analysed.",
    "union": "The span that any recording covers was analysed, what a recording does not cover being missing.",
}
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


FAMILIES = "Vertices and pairs were two families of tests, each with this error rate."


def methods_text(
    study: Study,
    cube: xr.DataArray,
    tisc: xr.DataArray,
    agreement: xr.DataArray | None = None,
    *,
    has_relation: bool = True,
) -> str:
    """What was done, ready for a paper, with the numbers of this study.

    Parameters
    ----------
    study : Study
    cube : DataArray
        Cube of aligned landmarks.
    tisc : DataArray
        t-ISC of the vertices.
    agreement : DataArray, optional
        Of the reported peaks, with coordinate n_raters; None when there are no key logs.
    has_relation : bool
        Whether its relation to t-ISC was tested: a film may be too short.

    Returns
    -------
    str
        Paragraphs separated by empty lines.
    """
    pairs = ", ".join(f"{a}-{b}" for a, b in study.tisc.pairs)
    features = (
        f"for every vertex ({SPACES[study.tisc.space]}) and for the distances of {len(study.tisc.pairs)} pairs of "
        f"vertices ({pairs})"
    )
    inference = f"{_inference(study, cube.sizes['subject'])} {FAMILIES}"
    parts = [_recording(study, cube), _synchrony(study, tisc, features), inference]
    parts += [] if agreement is None else [_behaviour(study, agreement, has_relation)]
    parts += ["All derivatives follow the conventions of BIDS (Gorgolewski et al. 2016)."]
    return "\n\n".join(parts)


def cube_methods_text(study: Study, cube: xr.DataArray, tisc: xr.DataArray) -> str:
    """What was done with a cube that somebody else made, ready for a paper.

    Parameters
    ----------
    study : Study
    cube : DataArray, dims (subject, time, feature dims)
    tisc : DataArray, dims (window, feature dims)

    Returns
    -------
    str
        Paragraphs separated by empty lines.
    """
    sizes = {str(dim): cube.sizes[dim] for dim in cube.dims if dim not in ("subject", "time")}
    given = " x ".join(f"{size} ({dim})" for dim, size in sizes.items())
    recording = (
        f"Series of {cube.sizes['subject']} participants, {given}, were analysed as they were given: "
        f"{cube.sizes['time']} samples at {tisc.attrs['rate_hz']:g} Hz on one clock of the stimulus, of which "
        f"{float(cube.notnull().mean()):.1%} are there. How they were recorded and preprocessed has to be added here."
    )
    dims = " and ".join(dim for dim in sizes if dim != "space")
    features = f"for every {dims}"
    parts = [recording, _synchrony(study, tisc, features), _inference(study, cube.sizes["subject"])]
    return "\n\n".join([*parts, "All derivatives follow the conventions of BIDS (Gorgolewski et al. 2016)."])


def cited(text: str) -> tuple[str, ...]:
    """Entries of `isc.report.CITATIONS` that a text cites, in the order in which it does.

    Parameters
    ----------
    text : str
        From `methods_text`.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> cited("by rotation (Umeyama 1991), in windows (Kauppi et al. 2010)")
    ('alignment', 'windows')
    """
    return tuple(sorted((name for name in MARKS if MARKS[name] in text), key=lambda name: text.index(MARKS[name])))


def _recording(study: Study, cube: xr.DataArray) -> str:
    extraction = study.extraction
    truncated = " Damaged videos were used up to the break." if extraction.allow_truncated else ""
    rate = "the lowest rate among the recordings" if study.cube.rate is None else "a rate chosen beforehand"
    return (
        "Face landmarks (478 vertices) were tracked in every "
        f"{'frame' if extraction.every == 1 else f'{extraction.every}th frame'} of the videos with "
        "MediaPipe's FaceLandmarker (Kartynnik et al. 2019), started anew every "
        f"{extraction.segment} tracked frames.{truncated} Head movement and distance to the camera were removed by "
        "fitting each frame to the recording's mean of 26 stable vertices by rotation, translation and scale (Umeyama "
        "1991), in units of the inter-ocular distance. Participants whose face was seen in less than "
        f"{study.cube.min_detected:.0%} of frames were left out. Recordings were put on one clock of the stimulus at "
        f"{cube.attrs['rate_hz']:g} Hz ({rate}); stretches without a face of more than {study.cube.max_gap:g} s stayed "
        f"missing. {EXTENTS[study.cube.extent]}"
    )


def _synchrony(study: Study, tisc: xr.DataArray, features: str) -> str:
    return (
        f"Temporal inter-subject correlation (t-ISC; Hasson et al. 2004, Kauppi et al. 2010) of "
        f"{tisc.attrs['n_subject']} participants was the arithmetic mean of Pearson's r over all pairs of participants "
        f"in windows of {study.tisc.window:g} s every {study.tisc.step:.3g} s ({tisc.sizes['window']} windows), "
        f"{features}. A participant was left out of a window with less than {study.tisc.min_valid:.0%} valid "
        "samples or without movement. A trend shared within a window counts as synchrony."
    )


def _inference(study: Study, n_subject: int) -> str:
    nulls = "; and by ".join(SCHEMES[scheme] for scheme in study.null.shown)
    deciding = scheme_words(deciding_schemes(study, n_subject))
    decision = (
        f"With fewer than {REFUSE_SUBJECTS} participants no cell was called significant."
        if n_subject < REFUSE_SUBJECTS
        else f"A cell was significant when it passed {deciding}."
    )
    return (
        f"Surrogate data without synchrony ({study.null.n_surrogates} a scheme, seed {study.null.seed}) were made by "
        f"{nulls}. Each t-ISC was compared with the surrogates' extremes {SCOPES[study.null.scope]}; "
        f"p = (b + 1) / (M + 1) (Phipson & Smyth 2010), alpha = {study.null.alpha:g}, tail: "
        f"{study.null.tail.replace('_', '-')}. {decision} Rejecting a null of surrogates says that this null is "
        "wrong, not why (Moulder et al. 2018)."
    )


def _behaviour(study: Study, agreement: xr.DataArray, has_relation: bool) -> str:
    low, high = study.behaviour.lags
    relation = (
        f"was tested by circular shifts of the agreement series, over delays of {low:g} to {high:g} s fixed "
        "beforehand, after detrending both."
        if has_relation
        else f"(delays of {low:g} to {high:g} s) is described and was not tested."
    )
    return (
        f"Key presses less than {study.behaviour.merge:g} s apart counted once. Agreement was the share of people "
        f"with a press in each t-ISC window (Labs et al. 2015; up to {int(agreement['n_raters'].max())} raters), "
        f"beside the largest of {study.behaviour.chance_surrogates} circular shifts of everybody's presses. Its "
        f"relation to t-ISC {relation}"
    )
