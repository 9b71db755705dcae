"""A run that must be whole fails where a required test was skipped or is gone."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

pytest_plugins = ["pytester"]

REPOSITORY = Path(__file__).resolve().parents[2]
SUITE = """
import pytest

def test_runs(): assert True
@pytest.mark.parametrize("case", ["a", "b"])
def test_table(case): assert case
@pytest.mark.tool("no-such-program-anywhere")
def test_needs_a_program(): assert True
@pytest.mark.xfail(reason="known")
def test_expected_to_fail(): assert False
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # a second less per run
    pytester.makeconftest((REPOSITORY / "tests" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makeini("[pytest]\nmarkers = tool(name): needs a program\n")
    pytester.makepyfile(test_suite=SUITE)
    return pytester


def root_conftest() -> ModuleType:
    """Return the real conftest, whose rules are tested here, as a module of its own."""
    spec = importlib.util.spec_from_file_location("root_conftest", REPOSITORY / "tests" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def require(suite: pytest.Pytester, *lines: str) -> None:
    path = suite.path / ".ci" / "required-tests"
    path.parent.mkdir()
    path.write_text("# what a release needs\n\n" + "\n".join(lines) + "\n", encoding="utf-8")


PASSED = {"tests/a.py::test_runs", "tests/a.py::test_table[a]", "tests/a.py::test_table[b-[0]]"}
SKIPPED = {"tests/b.py::test_needs_a_program", "tests/a.py::test_table[c]"}


@pytest.mark.parametrize(
    ("pattern", "problems"),
    [
        ("tests/a.py::test_runs", []),
        ("tests/a.py::test_ru", []),
        ("a.py::test_runs", ["no such test passed"]),
        ("*a.py::test_runs", []),
        ("tests/a.py::test_table[b", []),
        ("*::test_table[[]b*", ["no such test passed"]),
        ("*::test_table[b*", []),
        ("tests/a.py", ["tests/a.py::test_table[c] was skipped"]),
        ("tests/", ["tests/a.py::test_table[c] was skipped", "tests/b.py::test_needs_a_program was skipped"]),
        ("tests/b.py", ["no such test passed", "tests/b.py::test_needs_a_program was skipped"]),
        ("tests/gone.py", ["no such test passed"]),
    ],
)
def test_a_pattern_is_met_by_a_passed_test_and_no_skipped_one(pattern: str, problems: list[str]) -> None:
    found = list(root_conftest().unmet([pattern], passed=PASSED, skipped=SKIPPED))
    assert found == [f"{pattern}: {problem}" for problem in problems]


def test_a_list_has_one_pattern_a_line_and_comments() -> None:
    assert root_conftest().read_patterns("# why\n\n a.py  # here\n*b[c]\n") == ["a.py", "*b[c]"]


def test_with_several_workers_a_required_test_that_was_skipped_fails_the_run(suite: pytest.Pytester) -> None:
    require(
        suite, "test_suite.py::test_runs", "test_suite.py::test_needs", "*expected_to_fail", "test_gone.py"
    )
    result = suite.runpytest_subprocess("-p", "xdist", "-n", "2")
    assert result.ret == 1
    result.assert_outcomes(passed=3, skipped=1, xfailed=1)
    required = [line for line in result.outlines if line.startswith("REQUIRED")]
    assert required == [
        "REQUIRED test_suite.py::test_needs: no such test passed",
        "REQUIRED test_suite.py::test_needs: test_suite.py::test_needs_a_program was skipped",
        "REQUIRED *expected_to_fail: no such test passed",
        "REQUIRED *expected_to_fail: test_suite.py::test_expected_to_fail was skipped",
        "REQUIRED test_gone.py: no such test passed",
    ]


def test_a_run_whose_required_tests_passed_is_green(suite: pytest.Pytester) -> None:
    require(suite, "test_suite.py::test_runs", "test_suite.py::test_table[b]")
    result = suite.runpytest_subprocess()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["all 2 patterns of .ci/required-tests ran"])


def test_without_ci_a_skip_is_only_shown(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI")
    require(suite, "test_suite.py")
    result = suite.runpytest_subprocess("-rs")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["SKIPPED*needs the program no-such-program-anywhere, which is not installed"]
    )


def test_a_chosen_part_is_not_held_against_the_list(suite: pytest.Pytester) -> None:
    require(suite, "test_suite.py::test_gone")
    result = suite.runpytest_subprocess("-k", "runs")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["not checked: only a part of the suite was chosen*"])


def test_a_module_skipped_as_a_whole_does_not_meet_the_list(suite: pytest.Pytester) -> None:
    require(suite, "test_module.py")
    (suite.path / "test_suite.py").unlink()
    suite.makepyfile(test_module="import pytest\npytest.skip('none of it', allow_module_level=True)\n")
    result = suite.runpytest_subprocess()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["REQUIRED test_module.py: no such test passed"])


def test_every_pattern_of_the_list_names_a_file_that_exists() -> None:
    lines = (REPOSITORY / ".ci" / "required-tests").read_text(encoding="utf-8").splitlines()
    patterns = [line.partition("#")[0].strip() for line in lines]
    files = [pattern.partition("::")[0] for pattern in patterns if pattern]
    assert files
    assert [file for file in files if not any(REPOSITORY.glob(f"{file}*"))] == []


def test_the_settings_of_whoever_runs_the_tests_do_not_reach_them(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_DICOM_PORT", "1")
    suite.makepyfile(test_suite="import os\ndef test_clean(): assert 'HUB_DICOM_PORT' not in os.environ\n")
    assert suite.runpytest_subprocess("test_suite.py").ret == 0
