"""Check of the installation: what is there, what is missing, and the command that mends it."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from isc.io.camera.face_tracker import INSTALL_LIBRARIES
from isc.io.face_model import MODEL_SHA256, find_face_model

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 13)
DISTRIBUTION = "isc-toolkit"
ROOM_NEEDED = 5 * 2**30  # bytes: sixteen half-hour videos at 30 Hz, 54,000 frames x 5.7 kB each
GIBIBYTE = 2**30
START_TIMEOUT = 300  # seconds for MediaPipe or numba to start on a busy machine
LIBRARY = re.compile(r"(lib[\w+.-]+\.so[.\d]*)")
START_MEDIAPIPE = """
import sys
from isc.io.camera.face_tracker import FaceTracker, FaceTrackerError
try:
    FaceTracker(sys.argv[1]).close()
except FaceTrackerError as error:
    sys.exit(str(error))
"""
START_PYAV = "import av; av.CodecContext.create('h264', 'r'); print(av.__version__)"
START_NUMBA = "import numba; numba.njit(lambda x: x + 1)(1); print(numba.__version__)"


class Check(NamedTuple):
    """Outcome of one check.

    Attributes
    ----------
    name : str
        What was checked.
    good : bool
        False when the toolkit cannot do its work.
    finding : str
        What was found, in one line.
    remedy : str
        What to do; empty when nothing is to be done.
    """

    name: str
    good: bool
    finding: str
    remedy: str = ""


def diagnose_installation() -> list[Check]:
    """Check the interpreter, packages, MediaPipe, the face model, PyAV, numba, disk and cores.

    Nothing is changed. The face model is fetched when no copy is found and a network is there. MediaPipe is started
    in a process of its own, for it may end the process that loads it on an unsuitable machine.

    Returns
    -------
    list of Check
        In the order in which they matter.

    Examples
    --------
    >>> diagnose_installation()[0].name
    'Python'
    """
    model = _check_model()
    return [
        _check_python(),
        _check_packages(),
        model,
        check_mediapipe(model),
        _check_start("PyAV", "av", START_PYAV, "decodes H.264"),
        _check_start("numba", "numba", START_NUMBA, "compiles"),
        _check_disk(),
        _check_cores(),
    ]


def run_doctor() -> int:
    """Print one line for every check.

    Returns
    -------
    int
        Exit code: 0 when all is well, 2 when something must be mended first.

    Examples
    --------
    >>> run_doctor() in (0, 2)
    ok ...
    True
    """
    checks = diagnose_installation()
    for check in checks:
        print(format_check(check))
    return 0 if all(check.good for check in checks) else 2


def format_check(check: Check) -> str:
    """Write a check as one line of plain text.

    Parameters
    ----------
    check : Check
        From `diagnose_installation`.

    Returns
    -------
    str
        "ok" or "FAULT", the name, the finding and, after an arrow, the remedy.

    Examples
    --------
    >>> format_check(Check("Python", False, "3.9", "install Python 3.12"))
    'FAULT  Python           3.9 -> install Python 3.12'
    """
    remedy = f" -> {check.remedy}" if check.remedy else ""
    return f"{'ok' if check.good else 'FAULT':<6} {check.name:<16} {check.finding}{remedy}"


def _check_python() -> Check:
    good = OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON
    wanted = " to ".join(".".join(map(str, version)) for version in (OLDEST_PYTHON, NEWEST_PYTHON))
    return Check("Python", good, sys.version.split()[0], "" if good else f"install Python {wanted}")


def _check_packages() -> Check:
    """Versions of the packages that this one requires."""
    try:
        requirements = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return Check("packages", False, f"{DISTRIBUTION} is not installed", "pip install -e .")
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in requirements if "extra ==" not in line]
    return check_versions(names)


def check_versions(names: list[str]) -> Check:
    """Look up the installed versions of packages, without importing them.

    Parameters
    ----------
    names : list of str
        Names of distributions.

    Returns
    -------
    Check
        A fault when one is not installed.

    Examples
    --------
    >>> check_versions(["numpy", "no-such-package"]).remedy
    'pip install no-such-package'
    """
    versions, missing = [], []
    for name in names:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    finding = ", ".join([*versions, *(f"{name} missing" for name in missing)])
    return Check("packages", not missing, finding, f"pip install {' '.join(missing)}" if missing else "")


def _check_model() -> Check:
    try:
        path = find_face_model()
    except (ValueError, OSError) as error:
        finding, _, remedy = str(error).rpartition("; ")
        return Check("face model", False, finding, remedy)
    return Check("face model", True, f"{path} (SHA-256 {MODEL_SHA256[:12]}..., as published)")


def check_mediapipe(model: Check) -> Check:
    """Start MediaPipe's face landmarker in a process of its own.

    Parameters
    ----------
    model : Check
        The check of the face model, without which MediaPipe is not started.

    Returns
    -------
    Check
        A missing system library is named with the command that installs it.

    Examples
    --------
    >>> check_mediapipe(Check("face model", False, "not found")).finding
    'not started, for it needs the face model'
    """
    if not model.good:
        return Check("MediaPipe", False, "not started, for it needs the face model", "see the face model")
    run = _run_python(START_MEDIAPIPE, str(find_face_model()))
    if run.returncode == 0:
        return Check("MediaPipe", True, f"{importlib.metadata.version('mediapipe')}, the face landmarker starts")
    return Check("MediaPipe", False, *_explain_start(run))


def _explain_start(run: subprocess.CompletedProcess[str]) -> tuple[str, str]:
    """Finding and remedy for a process that did not start MediaPipe."""
    if run.returncode < 0:
        return f"ended by signal {-run.returncode}", "this processor or system is not supported by MediaPipe's wheel"
    library = LIBRARY.search(_last_line(run.stderr))
    if library:
        return f"the system library {library.group(1)} is missing or unusable", INSTALL_LIBRARIES
    return _last_line(run.stderr), "pip install --force-reinstall mediapipe"


def _check_start(name: str, package: str, code: str, ability: str) -> Check:
    """Run code that prints the version of a package after using it."""
    run = _run_python(code)
    if run.returncode == 0:
        return Check(name, True, f"{run.stdout.strip()}, {ability}")
    return Check(name, False, _last_line(run.stderr), f"pip install --force-reinstall {package}")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]


def _run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines in a fresh interpreter that sees the same packages."""
    command = [sys.executable, "-c", code, *arguments]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    try:
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=START_TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no answer within {START_TIMEOUT} s")


def _check_disk() -> Check:
    free = shutil.disk_usage(Path.cwd()).free
    remedy = "" if free >= ROOM_NEEDED else f"have {ROOM_NEEDED // GIBIBYTE} GiB free for a study"
    return Check("disk", True, f"{free / GIBIBYTE:.0f} GiB free in the current folder", remedy)


def _check_cores() -> Check:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Check("cores", True, f"{usable} usable; one video is tracked on each")
