"""How the tables of other face trackers name their columns, and what becomes of them.

Facts from the tools' own manuals and code: OpenFace 2 (wiki "Output Format"), OpenFace 3 (issues 1, 9 and 15 of
CMU-MultiComp-Lab/OpenFace-3.0), py-feat (`feat.utils`), LibreFace (`libreface.utils`).
"""

import re
from typing import NamedTuple

EMOTIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral", "contempt")
OPENFACE3_UNITS = tuple(f"AU{k:02d}" for k in range(1, 9))  # numbered by position, not by FACS


class Group(NamedTuple):
    """Columns that become one variable.

    Attributes
    ----------
    variable, dim : str
        Name of the variable and its dim beside time; dim ``vertex`` also has ``space``.
    pattern : str
        Regular expression of the columns; named groups ``label``, and for landmarks ``axis``.
    units : str
    meaning : str
        One sentence for the data dictionary.
    """

    variable: str
    dim: str
    pattern: str
    units: str
    meaning: str


class Convention(NamedTuple):
    """One tool's table.

    Attributes
    ----------
    tool : str
    needed : tuple of str
        Columns by which the table is recognised.
    groups : tuple of Group
    time : str or None
        Column of times; None where the table has frame numbers only.
    seconds : float
        Seconds in a unit of that column.
    frame : str or None
        Column of frame numbers.
    face : str or None
        Column that tells faces apart.
    success : str or None
        Column that says whether the face was found: 1 or a finite score.
    confidence : str or None
        Column of the tracker's confidence, 0 to 1.
    """

    tool: str
    needed: tuple[str, ...]
    groups: tuple[Group, ...]
    time: str | None = None
    seconds: float = 1.0
    frame: str | None = None
    face: str | None = None
    success: str | None = None
    confidence: str | None = None


_LANDMARKS = r"(?P<axis>[xyz])_(?P<label>\d+)"
CONVENTIONS = (
    Convention(
        "OpenFace",
        ("frame", "timestamp", "confidence", "success"),
        (
            Group("action_units", "action_unit", r"(?P<label>AU\d\d)_r", "1", "Intensity, 0 to 5."),
            Group("occurrence", "action_unit_occurrence", r"(?P<label>AU\d\d)_c", "1", "Presence, 0 or 1."),
            Group("landmarks", "vertex", r"(?P<axis>[xy])_(?P<label>\d+)", "px", "Point in the picture."),
            Group("landmarks_3d", "point", r"(?P<axis>[XYZ])_(?P<label>\d+)", "mm", "Point before the camera."),
            Group("head", "channel", r"(?P<label>pose_[TR][xyz])", "mm, rad", "Position and rotation of the head."),
            Group("gaze", "direction", r"(?P<label>gaze_angle_[xy])", "rad", "Direction of gaze."),
        ),
        time="timestamp",
        frame="frame",
        face="face_id",
        success="success",
        confidence="confidence",
    ),
    Convention(
        "py-feat",
        ("frame", "FaceRectX", "FaceRectY", "FaceScore"),
        (
            Group("action_units", "action_unit", r"(?P<label>AU\d\d)", "1", "Probability or intensity, 0 to 1."),
            Group("emotions", "emotion", rf"(?P<label>{'|'.join(EMOTIONS)})", "1", "Probability of the expression."),
            Group("landmarks", "vertex", _LANDMARKS, "px", "Point in the picture (68, or the 478 of MediaPipe)."),
            Group("head", "channel", r"(?P<label>Pitch|Roll|Yaw|X|Y|Z)", "deg, n/a", "Rotation, position of the head."),
        ),
        frame="frame",
        face="Identity",
        success="FaceScore",
        confidence="FaceScore",
    ),
    Convention(
        "LibreFace",
        ("frame_idx", "frame_time_in_ms"),
        (
            Group("action_units", "action_unit", r"au_(?P<label>\d+)_intensity", "1", "Intensity, 0 to 5."),
            Group("occurrence", "action_unit_occurrence", r"au_(?P<label>\d+)", "1", "Presence, 0 or 1."),
            Group(
                "landmarks", "vertex", r"lm_mp_(?P<label>\d+)_(?P<axis>[xyz])", "1", "Point as a share of the picture."
            ),
            Group("head", "channel", r"(?P<label>pitch|yaw|roll)", "deg", "Rotation of the head."),
        ),
        time="frame_time_in_ms",
        seconds=1e-3,
        frame="frame_idx",
    ),
)
# A table of points that no tool above wrote: x_0, y_0, ... or nose_x, nose_y, ...
PLAIN = Convention(
    "landmark table",
    (),
    (Group("landmarks", "vertex", rf"{_LANDMARKS}|(?P<name>.+)_(?P<last>[xyz])", "n/a", "Point."),),
    time="time",
    frame="frame",
)


def recognise(columns: list[str]) -> Convention | None:
    """The tool whose table has these columns; None when no tool's does.

    Parameters
    ----------
    columns : list of str
        Names without surrounding blanks.

    Returns
    -------
    Convention or None

    Examples
    --------
    >>> recognise(["frame_idx", "frame_time_in_ms", "au_1_intensity"]).tool
    'LibreFace'
    """
    for convention in (*CONVENTIONS, PLAIN):
        if set(convention.needed) <= set(columns) and any(
            re.fullmatch(group.pattern, name) for group in convention.groups for name in columns
        ):
            return convention
    return None


def columns_of(group: Group, columns: list[str]) -> list[tuple[str, str, str]]:
    """Column, label and axis ('' without one) of everything that belongs to a group.

    Parameters
    ----------
    group : Group
    columns : list of str

    Returns
    -------
    list of (column, label, axis)

    Examples
    --------
    >>> columns_of(PLAIN.groups[0], ["nose_x", "x_3"])
    [('nose_x', 'nose', 'x'), ('x_3', '3', 'x')]
    """
    found = []
    for name in columns:
        if match := re.fullmatch(group.pattern, name):
            parts = {key: value for key, value in match.groupdict().items() if value is not None}
            found.append((name, parts.get("label", parts.get("name", "")), parts.get("axis", parts.get("last", ""))))
    return found
