"""What every room's tests share, and the check that the tests a release needs have really run.

With CI=true a whole run fails unless every pattern in `.ci/required-tests` matched a test that passed and
none that was skipped: a suite that skips what it cannot do would otherwise look green.
"""

import gc
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import hypothesis
import pytest
import structlog

pytest_plugins = [
    "tests.fixtures.clock",
    "tests.fixtures.postgresql",
    "tests.fixtures.catalogue",
    "tests.fixtures.migrated",
    "tests.fixtures.archive",
    "tests.fixtures.passwords",
    "tests.fixtures.disk",
    "tests.fixtures.processes",
    "tests.fixtures.decoders",
    "tests.fixtures.object_store",
    "tests.fixtures.pairs",
    "tests.fixtures.consultation",
    "tests.fixtures.reading_over_http",
    "tests.fixtures.browser",
]

REQUIRED_TESTS = ".ci/required-tests"

# Time is no property of the code here: the machine is shared, and the first example pays for imports.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Keep the settings of whoever runs the tests out of them, and watch what runs."""
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        del os.environ[name]
    _put_own_programs_last()
    _log_plainly()
    gc.set_threshold(20_000, 20, 20)  # what is collected stays, and is much to look through
    if os.environ.get("CI") == "true" and not hasattr(config, "workerinput"):
        config.pluginmanager.register(RequiredTests(config), "required-tests")


def pytest_collection_finish() -> None:
    """Look no more through what was collected."""
    gc.collect()
    gc.freeze()


def _log_plainly() -> None:
    """The library's own default paints every local variable of a traceback: ten seconds for one bug."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
        ]
    )


def _put_own_programs_last() -> None:
    """pynetdicom installs programs of the names of dcmtk's: the outside witnesses are meant, not those."""
    own = str(Path(sys.executable).parent)
    others = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder != own]
    os.environ["PATH"] = os.pathsep.join([*others, own])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, saying so, what needs a program that this machine lacks."""
    for marker in item.iter_markers("tool"):
        missing = [name for name in marker.args if shutil.which(name) is None]
        if missing:
            pytest.skip(f"needs the program {', '.join(missing)}, which is not installed")


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """Return the folder of public sample files beside the repository; skip where there is none."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the public sample files in ../shared/data, which are not here")
    return folder


class RequiredTests:
    """Follows a run and fails it where a test that must run did not."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        path = config.rootpath / REQUIRED_TESTS
        self.patterns = read_patterns(path.read_text(encoding="utf-8")) if path.is_file() else []
        self.passed: set[str] = set()
        self.skipped: set[str] = set()
        self.problems: list[str] = []

    @property
    def is_whole_run(self) -> bool:
        """Whether nothing was selected; a part of the suite cannot be held against the list."""
        source = self.config.args_source
        chosen = any(self.config.getoption(name, None) for name in ("keyword", "markexpr", "deselect", "lf"))
        return source is not pytest.Config.ArgsSource.ARGS and not chosen

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one outcome; with several workers the controller is told of all of them."""
        if report.skipped:
            self.skipped.add(report.nodeid)
        elif report.when == "call" and report.passed:
            self.passed.add(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Turn a green run red where the list was not met."""
        if not self.is_whole_run or self.config.option.collectonly:
            return
        self.problems = list(unmet(self.patterns, passed=self.passed, skipped=self.skipped))
        if self.problems and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which required tests are missing."""
        terminalreporter.section("required tests")
        if not self.is_whole_run:
            terminalreporter.line(f"not checked: only a part of the suite was chosen ({REQUIRED_TESTS})")
        for problem in self.problems:
            terminalreporter.line(f"REQUIRED {problem}", red=True)
        if self.is_whole_run and not self.problems:
            terminalreporter.line(f"all {len(self.patterns)} patterns of {REQUIRED_TESTS} ran", green=True)


def read_patterns(text: str) -> list[str]:
    """Return the patterns of a list: one a line, `#` begins a comment."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def unmet(patterns: Iterable[str], *, passed: set[str], skipped: set[str]) -> Iterator[str]:
    """Return, for each pattern that no passed test met or that a skipped one met, what is wrong."""
    for pattern in patterns:
        if not any(matches(nodeid, pattern) for nodeid in passed):
            yield f"{pattern}: no such test passed"
        for nodeid in sorted(nodeid for nodeid in skipped if matches(nodeid, pattern)):
            yield f"{pattern}: {nodeid} was skipped"


def matches(nodeid: str, pattern: str) -> bool:
    """Whether a test is meant: by the beginning of its node id, or by a glob where there is a `*`."""
    if "*" in pattern:
        return fnmatchcase(nodeid, pattern.replace("[", "[[]"))
    return nodeid.startswith(pattern)
