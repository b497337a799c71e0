"""The page of faults lists every case and the tests that there are."""

from collections import Counter

from tests.faults.table import PAGE, find_tests, listed_tests, page_of, read_cases, read_outcomes


def test_all_68_cases_have_a_test():
    assert [case.number for case in read_cases()] == list(range(1, 69))
    assert [case.number for case in read_cases() if case.number not in find_tests()] == []


def test_the_page_lists_the_tests_that_there_are():
    found = find_tests()
    expected = {case.number: found.get(case.number, []) for case in read_cases()}
    assert listed_tests(PAGE.read_text(encoding="utf-8")) == expected


def test_outcomes_are_counted_over_parameters_and_the_later_file_counts(tmp_path):
    name = find_tests()[14][0]
    first = f'<testsuite><testcase name="{name}[a]"><failure/></testcase><testcase name="{name}[b]"/></testsuite>'
    (tmp_path / "1.xml").write_text(first)
    (tmp_path / "2.xml").write_text(f'<testsuite><testcase name="{name}[a]"><skipped/></testcase></testsuite>')
    outcomes = read_outcomes([tmp_path / "1.xml", tmp_path / "2.xml"])
    assert outcomes == {name: Counter(passed=1, skipped=1)}
    assert "| 1 passed, 1 skipped | `" + name in page_of(outcomes)
