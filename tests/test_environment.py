"""The files that describe an environment say the same thing."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import isc

REPOSITORY = Path(__file__).resolve().parents[1]
EXTRAS_OF_A_CONTRIBUTOR = ("demo", "test", "lint")
# conda-forge splits these packages; the part on the right is what the index calls by the name on the left.
CONDA_NAMES = {"dask": "dask-core", "matplotlib": "matplotlib-base", "mne": "mne-base"}
EXACT_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[A-Za-z0-9.!+]+)(?: ; .+)?")


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wanted(project) -> dict[str, SpecifierSet]:
    """Name and allowed versions of everything a contributor installs, from pyproject.toml."""
    extras = project["optional-dependencies"]
    return specifiers(
        [*project["dependencies"], *(line for extra in EXTRAS_OF_A_CONTRIBUTOR for line in extras[extra])]
    )


@pytest.fixture(scope="module")
def environment() -> list:
    return yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))["dependencies"]


@pytest.fixture(scope="module")
def pins() -> dict[str, Version]:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    matches = [EXACT_PIN.fullmatch(line) for line in lines if not line.startswith("#")]
    assert all(matches), "constraints.txt holds name==version lines and comments only"
    return {canonicalize_name(match["name"]): Version(match["version"]) for match in matches}


def specifiers(lines: list[str]) -> dict[str, SpecifierSet]:
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement.specifier for requirement in requirements}


def conda_and_pip_lines(environment: list) -> tuple[list[str], list[str]]:
    conda = [line for line in environment if isinstance(line, str)]
    pip = [line for entry in environment if isinstance(entry, dict) for line in entry["pip"]]
    return conda, pip


def test_environment_yml_asks_for_exactly_what_pyproject_asks_for(environment, wanted):
    conda, pip = conda_and_pip_lines(environment)
    given = specifiers([*conda, *(line for line in pip if not line.startswith("-e"))])
    del given["python"], given["pip"]
    assert given == {CONDA_NAMES.get(name, name): specifier for name, specifier in wanted.items()}


def test_environment_yml_allows_the_same_python_versions(environment, project):
    conda, _ = conda_and_pip_lines(environment)
    assert specifiers(conda)["python"] == SpecifierSet(project["requires-python"])


def test_environment_yml_installs_the_package_itself_in_place(environment):
    assert "-e ." in conda_and_pip_lines(environment)[1]


def test_every_dependency_is_pinned_to_a_version_that_pyproject_allows(wanted, pins):
    assert not wanted.keys() - pins.keys(), "not pinned: run `make constraints`"
    outside = {name for name, specifier in wanted.items() if not specifier.contains(pins[name], prereleases=True)}
    assert not outside, "pinned outside what pyproject.toml allows: run `make constraints`"


def test_the_networks_extra_is_pinned_though_nobody_has_to_install_it(project, pins, wanted):
    extra = specifiers(project["optional-dependencies"]["networks"])
    assert set(extra) == {"torch"} and extra["torch"].contains(pins["torch"])
    assert "torch" not in wanted


def test_only_the_opencv_that_mediapipe_brings_is_installed(project, pins):
    extras = project["optional-dependencies"].values()
    named = specifiers([*project["dependencies"], *(line for lines in extras for line in lines)])
    assert not [name for name in named if name.startswith("opencv")]
    assert [name for name in pins if name.startswith("opencv")] == ["opencv-contrib-python"]


def test_the_version_is_the_same_wherever_it_stands(project):
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == isc.__version__ == project["version"]


def test_the_makefile_accepts_the_python_versions_of_pyproject(project):
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    lowest, highest = re.search(r"SUPPORTED := \((\d+, \d+)\) <= .+ <= \((\d+, \d+)\)", makefile).groups()
    allowed = [minor for minor in range(40) if Version(f"3.{minor}") in SpecifierSet(project["requires-python"])]
    assert (lowest, highest) == (f"3, {allowed[0]}", f"3, {allowed[-1]}")
