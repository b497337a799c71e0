"""The page of faults, docs/faults.md: every case, what is expected, which tests run it, and how they ended.

    python -m pytest tests/faults --junitxml=faults.xml
    python -m tests.faults.table faults.xml

Several files of results may be given (such as fast and slow tests); later ones count.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "faults.md"
NUMBERED = re.compile(r"test_(\d{2,3}(?:_and_\d{2,3})*)_")
ROW = re.compile(r"^\| (\d+) \|.*\| (?:.*?) \| (.*?) \|$", re.MULTILINE)
INTRODUCTION = """# Faults

What a dying machine, a careless hand or a hostile file does to a study, and what comes of it. Each case has tests
that bring the fault about for real: processes are killed, disks filled, films cut, logs saved in other encodings.
Written by `python -m tests.faults.table`, from the results of `python -m pytest tests/faults --junitxml=faults.xml`;
the tests lie in `tests/faults`.

| Number | Case | Expected | Outcome | Tests |
|---|---|---|---|---|
"""


class Case(NamedTuple):
    """A row of cases.tsv."""

    number: int
    case: str
    expected: str


def read_cases() -> list[Case]:
    """All cases, in their order."""
    lines = (HERE / "cases.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [Case(int(number), case, expected) for number, case, expected in (line.split("\t") for line in lines)]


def find_tests() -> dict[int, list[str]]:
    """Names of the test functions of each number."""
    found: dict[int, list[str]] = {}
    for path in sorted(HERE.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            match = NUMBERED.match(node.name) if isinstance(node, ast.FunctionDef) else None
            for number in match[1].split("_and_") if match else ():
                found.setdefault(int(number), []).append(node.name)
    return found


def read_outcomes(files: Iterable[Path]) -> dict[str, Counter[str]]:
    """How often each test function passed, failed or was skipped, over its parameters."""
    ended: dict[str, str] = {}
    for path in files:
        for case in ElementTree.parse(path).iter("testcase"):
            parts = {child.tag for child in case}
            outcome = "failed" if parts & {"failure", "error"} else "skipped" if "skipped" in parts else "passed"
            ended[case.get("name", "")] = outcome
    found: dict[str, Counter[str]] = {}
    for name, outcome in ended.items():
        found.setdefault(name.partition("[")[0], Counter())[outcome] += 1
    return found


def page_of(outcomes: dict[str, Counter[str]]) -> str:
    """The page as it should be."""
    tests = find_tests()
    rows = [_row(case, tests.get(case.number, []), outcomes) for case in read_cases()]
    return INTRODUCTION + "\n".join(rows) + "\n"


def _row(case: Case, names: list[str], outcomes: dict[str, Counter[str]]) -> str:
    total = sum((outcomes.get(name, Counter({"not run": 1})) for name in names), Counter())
    outcome = ", ".join(f"{count} {how}" for how, count in sorted(total.items())) or "no test"
    return f"| {case.number} | {case.case} | {case.expected} | {outcome} | {'<br>'.join(f'`{n}`' for n in names)} |"


def listed_tests(page: str) -> dict[int, list[str]]:
    """Names of the tests in each row of a page."""
    return {int(number): re.findall(r"`(test_\w+)`", names) for number, names in ROW.findall(page)}


def main(files: list[str]) -> int:
    """Write the page; 1 when a case has no test or a test failed."""
    page = page_of(read_outcomes(map(Path, files)))
    PAGE.write_text(page, encoding="utf-8")
    return int(" failed |" in page or "| no test |" in page)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
