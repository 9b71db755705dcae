"""The set-up scripts, run in a copy beside programs of our choice: what they ask for and install."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
BASICS = ("bash", "dirname", "rm", "mktemp", "tail", "ln")
WITNESSES = ("storescu", "dciodvfy", "qpdf", "pdftotext", "Orthanc")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Return a folder that is the whole PATH: a bare system without Python or Debian's package tool."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in BASICS:
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return folder


def provide(programs: Path, name: str, script: str) -> None:
    path = programs / name
    path.write_text(f"#!{shutil.which('bash')}\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)


def run(script: str, programs: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script of `.ci` in a copy of its own, so that it cannot touch this repository's .venv."""
    copy = programs.parent / "copy" / ".ci" / script
    copy.parent.mkdir(parents=True)
    shutil.copy(REPOSITORY / ".ci" / script, copy)
    return subprocess.run(
        ["bash", copy, *arguments],
        env={"PATH": str(programs), "SYSTEM_PROGRAMS": str(programs / "system"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_python_the_set_up_names_what_to_install(programs: Path) -> None:
    finished = run("build-venv", programs)
    assert finished.returncode == 1
    assert "Python 3.11 or newer is needed" in finished.stderr
    assert "apt-get install python3 python3-venv" in finished.stderr


def test_an_old_python_is_none(programs: Path) -> None:
    provide(programs, "python3", "exit 0")
    finished = run("build-venv", programs)
    assert finished.returncode == 1
    assert "Python 3.11 or newer is needed" in finished.stderr


def test_without_the_venv_module_the_set_up_names_its_package(programs: Path, tmp_path: Path) -> None:
    (programs / "python3").symlink_to(sys.executable)
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "ensurepip.py").write_text(
        "raise ImportError('split off by the distribution')", encoding="utf-8"
    )
    finished = run("build-venv", programs, PYTHONPATH=str(hidden))
    assert finished.returncode == 1
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    assert f"apt-get install {package}" in finished.stderr


def test_the_python_of_the_system_is_taken_before_one_that_somebody_compiled(
    programs: Path, tmp_path: Path
) -> None:
    asked = tmp_path / "asked"
    (programs / "system").mkdir()
    for folder in (programs, programs / "system"):
        says_where = f'[ "$1" = -m ] && {{ echo "$0 $*" >>{asked}; exit 1; }}; echo "$0"'
        provide(folder, "python3.11", says_where)
    run("build-venv", programs)
    assert asked.read_text().splitlines()[0] == f"{programs}/system/python3.11 -m venv --clear .venv"


def test_where_nothing_may_be_installed_the_missing_programs_are_named(programs: Path) -> None:
    provide(programs, "id", "echo 1000")
    provide(programs, "apt-get", "echo never >&2; exit 1")
    provide(programs, "qpdf", "exit 0")
    finished = run("system-parts", programs)
    assert finished.returncode == 0
    assert finished.stderr == ""
    assert finished.stdout.startswith(
        "MISSING for the tests: dcmtk dicom3tools poppler-utils orthanc-dicomweb. "
    )


@pytest.mark.parametrize(
    ("purpose", "packages"),
    [("pages", "chromium"), ("clients", "chromium nginx-light npm"), ("bench", "wrk")],
)
def test_another_purpose_asks_for_its_own_programs_too(programs: Path, purpose: str, packages: str) -> None:
    provide(programs, "id", "echo 1000")
    for program in WITNESSES:
        provide(programs, program, "exit 0")
    finished = run("system-parts", programs, purpose)
    assert finished.stdout.startswith(f"MISSING for the {purpose}: {packages}. ")


def test_root_has_exactly_the_missing_programs_installed(programs: Path, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    installs = f'echo "$DEBIAN_FRONTEND $*" >>{asked}; [ "$1" = update ] && exit 0\n'
    installs += f"ln -s /bin/true {programs}/dciodvfy; ln -s /bin/true {programs}/pdftotext"
    installs += f"; ln -s /bin/true {programs}/Orthanc"
    provide(programs, "id", "echo 0")
    provide(programs, "apt-get", installs)
    provide(programs, "storescu", "exit 0")
    provide(programs, "qpdf", "exit 0")
    finished = run("system-parts", programs)
    packages = "dicom3tools poppler-utils orthanc-dicomweb"
    assert finished.stdout == f"installing for the tests: {packages}\n"
    assert asked.read_text().splitlines() == [
        "noninteractive update",
        f"noninteractive install -y --no-install-recommends {packages}",
    ]


def test_with_everything_there_nothing_is_said(programs: Path) -> None:
    for program in WITNESSES:
        provide(programs, program, "exit 0")
    finished = run("system-parts", programs)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


@pytest.mark.parametrize("script", ["run", "checks", "tests", "build-venv", "system-parts", "web"])
def test_a_script_is_sound_and_can_be_run(script: str) -> None:
    path = REPOSITORY / ".ci" / script
    assert os.access(path, os.X_OK)
    subprocess.run(["bash", "-n", path], check=True)


@pytest.mark.tool("make")
def test_every_target_of_the_makefile_is_listed_by_make() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    (phony,) = [line for line in makefile.splitlines() if line.startswith(".PHONY:")]
    listed = subprocess.run(
        ["make", "-C", REPOSITORY, "--no-print-directory"], capture_output=True, text=True, check=True
    )
    assert [line.split()[1] for line in listed.stdout.splitlines()] == phony.split()[1:]


def test_the_lock_names_no_host_and_has_a_hash_for_every_package() -> None:
    text = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    entries = text.replace("\\\n", " ").splitlines()
    packages = [entry for entry in entries if entry and not entry.lstrip().startswith("#")]
    assert len(packages) > 50
    assert [entry.split()[0] for entry in packages if "--hash=sha256:" not in entry] == []
    assert "://" not in text
    assert "index-url" not in text
