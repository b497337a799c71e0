"""The settings of a study: every parameter with its unit and range, read from TOML, never changed afterwards."""

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from isc.untrusted import MAX_TOML_BYTES, parse_toml

SchemeName = Literal["circular_shift", "sign_flip", "phase", "block", "timepoint_shuffle"]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Lag = Annotated[float, Field(ge=-600, le=600)]  # s
Vertex = Annotated[int, Field(ge=0, lt=478)]  # of MediaPipe's face
Share = Annotated[float, Field(gt=0, le=1)]


class StudyError(ValueError):
    """Settings or inputs of a study that cannot be used; the message is one line for the person at the keyboard."""


class Section(BaseModel):
    """A table of the settings file: unknown keys are refused, values cannot change."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Extraction(Section):
    """Face video to landmarks."""

    every: Annotated[int, Field(ge=1, le=1000)] = 1
    """Track every n-th frame."""
    segment: Annotated[int, Field(ge=32, le=1_000_000)] = 4096
    """Frames after which a new tracker begins; a killed run goes on from the last such frame."""
    allow_truncated: bool = False
    """Keep the frames before the break of a damaged video instead of refusing it."""


class Cube(Section):
    """Recordings on one clock."""

    rate: Annotated[float, Field(gt=0, le=10_000)] | None = None
    """Rate of the cube, Hz; by default the lowest rate among the recordings."""
    extent: Literal["equal", "common", "union"] = "equal"
    """When recordings cover different spans: refuse, keep what all cover, or keep all with gaps."""
    max_gap: Seconds = 0.5
    """Stretches without a face up to this length (s) are bridged, longer ones stay missing."""
    min_detected: Share = 0.5
    """A participant whose face is seen in a smaller share of frames is left out, with a warning."""


class Tisc(Section):
    """Temporal inter-subject correlation."""

    window: Seconds = 5.0
    """Length of the sliding window, s."""
    step: Seconds = 5 / 3
    """Distance between window starts, s."""
    space: Literal["vector", "axes", "norm", "displacement"] = "vector"
    """How a vertex' position is correlated."""
    min_valid: Share = 0.8
    """Share of finite samples that a subject needs in a window."""
    pairs: tuple[tuple[Vertex, Vertex], ...] = (
        (61, 291),
        (13, 14),
        (0, 17),
        (107, 336),
        (105, 159),
        (334, 386),
        (10, 152),
    )
    """Vertex pairs whose distances are features: mouth width, lip gap, lip height, brow gap, brows to lids, height."""


class Null(Section):
    """Surrogate data without synchrony."""

    schemes: tuple[SchemeName, ...] = ("circular_shift", "sign_flip")
    """Surrogate schemes that decide: a cell is significant when it passes all of them."""
    compare: tuple[SchemeName, ...] = ("timepoint_shuffle",)
    """Further schemes that are shown beside the others and decide nothing."""
    n_surrogates: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    """Surrogate data sets a scheme."""
    scope: Literal["recording", "window"] = "recording"
    """Extremes over features and windows, or over features in each window."""
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Error rate of the thresholds."""
    tail: Literal["greater", "less", "two_sided"] = "greater"
    """Side of the test."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of every random number."""

    @property
    def shown(self) -> tuple[SchemeName, ...]:
        """Every scheme once: those that decide, then the others."""
        return tuple(dict.fromkeys((*self.schemes, *self.compare)))

    @model_validator(mode="after")
    def _has_schemes(self) -> "Null":
        if not self.schemes:
            raise ValueError("schemes is empty; name at least one, such as circular_shift")
        return self


class Behaviour(Section):
    """Key presses and their relation to synchrony."""

    merge: Annotated[float, Field(ge=0, le=60)] = 1.0
    """Presses closer than this (s) count once."""
    lags: tuple[Lag, Lag] = (0.0, 3.0)
    """Range of delays (s) by which presses may follow synchrony; fixed before looking."""
    chance_surrogates: Annotated[int, Field(ge=19, le=1_000_000)] = 1000
    """Circular shifts of each rater's presses for the chance band of agreement."""

    @model_validator(mode="after")
    def _has_rising_lags(self) -> "Behaviour":
        if self.lags[0] > self.lags[1]:
            raise ValueError(f"lags are {self.lags[0]:g} to {self.lags[1]:g}; give the smaller one first")
        return self


class Classification(Section):
    """Expressions told apart in labelled clips (`isc classify`)."""

    labels: tuple[str, ...] = ()
    """Expressions that count, in the order of tables; all that occur when empty."""
    statistic: Literal["mean", "apex"] = "mean"
    """Face of a clip: the mean of its frames, or the frame that departs most from the first."""
    reference: Literal["template", "grand_mean", "subject_mean", "subject_neutral"] = "template"
    """What is subtracted from a clip's distances; subject_mean and _neutral use other clips of who is tested."""
    model: Annotated[str, Field(pattern=r"^([1-9][0-9]*nn|logistic|svm)$")] = "1nn"
    """Nearest neighbours (1nn, 5nn, ...), logistic or svm; the latter two need components."""
    n_component: Annotated[int, Field(ge=0, le=10_000)] = 20
    """Principal components of the distances; 0 for the distances themselves."""
    split: Literal["leave_one_subject_out", "subject_grouped", "repetition_grouped", "take_grouped"] = (
        "leave_one_subject_out"
    )
    """What the guarded protocol keeps together."""
    n_folds: Annotated[int, Field(ge=2, le=1000)] = 10
    """Folds of the published protocol, and of a guarded one that does not leave out one person at a time."""
    n_permutations: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    """Labellings permuted within subjects for chance and p."""
    n_bootstrap: Annotated[int, Field(ge=1, le=1_000_000)] = 2000
    """Samples of subjects for the intervals."""
    drop_subjects: tuple[str, ...] = ()
    """People left out, as the corpus or the table calls them."""
    modality: Literal["video", "audio-video"] = "video"
    """RAVDESS: which of the two copies of a performance."""
    people: Literal["unknown", "one_per_source"] = "unknown"
    """AffectNet, Aff-Wild2, ExpW: who is shown is unknown and refused, or every picture (video) is another person."""
    annotations: str = "annotations"
    """Aff-Wild2: folder of the text files, relative to the folder of the frames."""
    ratings: str = "ratings.csv"
    """PEDFE: the supplementary table as CSV or TSV, relative to the folder of the clips."""
    columns: dict[str, str] = {}
    """PEDFE: columns of that table that hold code, subject, kind, label and hit_rate."""
    words: dict[str, str] = {}
    """PEDFE, FACEXP: label for every word of the table, or for every two-digit code."""


class Study(Section):
    """All settings of one study.

    Examples
    --------
    >>> Study(task="film").tisc.window
    5.0
    """

    task: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$")] = "film"
    """BIDS task label: letters and digits."""
    title: str = "Inter-subject synchrony"
    """Title of the report."""
    extraction: Extraction = Extraction()
    cube: Cube = Cube()
    tisc: Tisc = Tisc()
    null: Null = Null()
    behaviour: Behaviour = Behaviour()
    classification: Classification = Classification()


def read_study(path: Path | str) -> Study:
    r"""Settings from a TOML file.

    Parameters
    ----------
    path : path
        Absent keys take their defaults.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        When the file is missing, too large, not TOML, has a key that is not known (the nearest known name is given)
        or a value out of range.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
    ...     _ = file.write("[tisc]\nwindow = 4.0\n"), file.flush()
    ...     read_study(file.name).tisc.window
    4.0
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_TOML_BYTES:
            raise StudyError(f"settings {path.name} is larger than {MAX_TOML_BYTES} bytes; is it a TOML file?")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise StudyError(f"settings {path.name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StudyError(f"settings {path.name} is not valid TOML: {error}") from error
    try:
        content = parse_toml(text)
    except ValueError as error:
        raise StudyError(f"settings {path.name} is not valid TOML: {error}") from error
    try:
        return Study.model_validate(content)
    except ValidationError as error:
        raise StudyError(
            f"settings {path.name}: " + "; ".join(_in_words(dict(fault)) for fault in error.errors())
        ) from error


def _in_words(fault: Mapping[str, Any]) -> str:
    """One fault of a settings file as a sentence that names the key."""
    *above, key = [str(part) for part in fault["loc"]] or [""]
    name = ".".join([*above, key])
    if fault["type"] != "extra_forbidden":
        return f"{name} is {fault['input']!r}: {fault['msg']}"
    known = _known_keys(above)
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
    return f"{name} is not a known key; {hint}"


def _known_keys(above: list[str]) -> list[str]:
    section: type[BaseModel] = Study
    for part in above:
        annotation = section.model_fields[part].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            section = annotation
    return list(section.model_fields)


def format_study(study: Study) -> str:
    """Settings as TOML that `read_study` reads back to the same study.

    Parameters
    ----------
    study : Study

    Returns
    -------
    str
        Every parameter in force with what it means and the words that it may have; those that are not set are comments.

    Examples
    --------
    >>> print(format_study(Study()).splitlines()[0])
    task = "film"  # BIDS task label: letters and digits.
    """
    plain = [name for name in type(study).model_fields if not isinstance(getattr(study, name), Section)]
    lines = [_toml_line(study, name) for name in plain]
    for name in type(study).model_fields:
        section = getattr(study, name)
        if isinstance(section, Section):
            lines += ["", f"[{name}]"]
            lines += [_toml_line(section, key) for key in type(section).model_fields]
    return "\n".join(lines) + "\n"


def _toml_line(section: Section, key: str) -> str:
    field, value = type(section).model_fields[key], getattr(section, key)
    words = ", ".join(dict.fromkeys(_words_of(field.annotation)))
    told = f"{field.description} Of: {words}." if words else str(field.description)
    return f"# {key} is not set: {told}" if value is None else f"{key} = {_toml_value(value)}  # {told}"


def _words_of(annotation: object) -> Iterator[str]:
    """Words that a parameter, or each of its items, may be."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
        return
    for part in get_args(annotation):
        yield from _words_of(part)


def _toml_value(value: object) -> str:
    """A string, number, boolean, list or mapping as TOML: JSON but for DEL, which TOML wants escaped as well."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml_value(key)} = {_toml_value(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
