"""The doctor names what is missing and the command that mends it."""

import sys

import pytest

from isc import doctor
from isc.doctor import Check, check_mediapipe, check_versions, diagnose_installation, format_check, run_doctor
from isc.io.face_model import MODEL_NAME

NAMES = ["Python", "packages", "face model", "MediaPipe", "PyAV", "numba", "disk", "cores"]


@pytest.fixture
def found():
    """Outcome of each check, by its name."""
    return lambda: {check.name: check for check in diagnose_installation()}


@pytest.fixture
def quick(monkeypatch):
    """Programs that start nothing, for tests of the other checks."""
    monkeypatch.setattr(doctor, "START_MEDIAPIPE", "")
    monkeypatch.setattr(doctor, "START_PYAV", "print(1)")
    monkeypatch.setattr(doctor, "START_NUMBA", "print(1)")


@pytest.fixture
def no_model(monkeypatch, tmp_path):
    """A face model that is not the known file."""
    (tmp_path / MODEL_NAME).write_bytes(b"cut")
    monkeypatch.setenv("ISC_FACE_MODEL", str(tmp_path / MODEL_NAME))


@pytest.fixture
def installed(monkeypatch):
    """A distribution that is certainly installed stands for this one, which a checkout may use uninstalled."""
    monkeypatch.setattr(doctor, "DISTRIBUTION", "pandas")


def test_a_sound_installation_passes_every_check(found, installed):
    checks = found()
    assert list(checks) == NAMES
    assert all(check.good for check in checks.values()), checks
    assert "the face landmarker starts" in checks["MediaPipe"].finding
    assert "decodes H.264" in checks["PyAV"].finding
    assert "compiles" in checks["numba"].finding
    assert "numpy " in checks["packages"].finding


def test_each_check_is_one_plain_line_and_the_exit_code_is_two_for_a_fault(installed, no_model, quick, capfd):
    assert run_doctor() == 2
    printed = capfd.readouterr()
    lines = printed.out.splitlines()
    assert [line[7:23].strip() for line in lines] == NAMES
    assert [line.split()[1] for line in lines if line.startswith("FAULT")] == ["face", "MediaPipe"]
    assert printed.err == ""
    assert "\x1b" not in printed.out


def test_the_exit_code_is_zero_when_all_is_well(monkeypatch):
    monkeypatch.setattr(doctor, "diagnose_installation", lambda: [Check("Python", True, "3.12")])
    assert run_doctor() == 0


def test_a_line_shows_the_remedy_after_an_arrow():
    assert format_check(Check("numba", False, "gone", "pip install numba")) == (
        "FAULT  numba            gone -> pip install numba"
    )


def test_a_package_that_is_missing_is_named_with_the_command(found, quick, monkeypatch):
    check = check_versions(["numpy", "no-such-package", "nor-this-one"])
    assert not check.good
    assert "no-such-package missing" in check.finding
    assert check.remedy == "pip install no-such-package nor-this-one"
    monkeypatch.setattr(doctor, "DISTRIBUTION", "no-such-package")
    assert found()["packages"].remedy == "pip install -e ."


def test_a_wrong_face_model_is_a_fault_and_mediapipe_is_not_started_with_it(found, no_model, quick):
    checks = found()
    assert not checks["face model"].good
    assert "has 3 bytes instead of" in checks["face model"].finding
    assert "download it again" in checks["face model"].remedy
    assert checks["MediaPipe"].finding == "not started, for it needs the face model"


@pytest.mark.skipif(sys.platform != "linux", reason="how a library is found differs between systems")
def test_a_missing_system_library_is_named_with_the_command_that_installs_it(monkeypatch, tmp_path):
    (tmp_path / "libGLESv2.so.2").write_bytes(b"")  # found first, and unusable
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    check = check_mediapipe(Check("face model", True, ""))
    assert not check.good
    assert "the system library libGLESv2.so.2 is missing or unusable" in check.finding
    assert check.remedy == "apt-get install libegl1 libgles2 libgl1 libglib2.0-0"


@pytest.mark.parametrize(
    "code, finding, remedy",
    [
        ("import os; os.abort()", "ended by signal 6", "not supported by MediaPipe's wheel"),
        ("import no_such_module", "No module named 'no_such_module'", "pip install --force-reinstall mediapipe"),
        ("raise SystemExit(1)", "no message", "pip install --force-reinstall mediapipe"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_a_mediapipe_that_does_not_start_says_how_it_ended(monkeypatch, code, finding, remedy):
    monkeypatch.setattr(doctor, "START_MEDIAPIPE", code)
    check = check_mediapipe(Check("face model", True, ""))
    assert not check.good
    assert finding in check.finding
    assert remedy in check.remedy


def test_a_package_that_cannot_be_loaded_is_a_fault(found, quick, monkeypatch):
    monkeypatch.setattr(doctor, "START_NUMBA", "import no_such_module")
    check = found()["numba"]
    assert not check.good
    assert "no_such_module" in check.finding
    assert check.remedy == "pip install --force-reinstall numba"


def test_a_package_that_does_not_answer_is_a_fault(found, quick, monkeypatch):
    monkeypatch.setattr(doctor, "START_TIMEOUT", 0.001)
    assert found()["PyAV"].finding == "no answer within 0.001 s"


def test_a_python_that_is_too_old_is_a_fault(found, quick, monkeypatch):
    monkeypatch.setattr(doctor, "OLDEST_PYTHON", (3, 99))
    assert found()["Python"].remedy == "install Python 3.99 to 3.13"


def test_a_full_disk_is_told_and_is_no_fault_of_the_installation(found, quick, monkeypatch):
    monkeypatch.setattr(doctor, "ROOM_NEEDED", 2**70)
    check = found()["disk"]
    assert check.good
    assert "GiB free for a study" in check.remedy
