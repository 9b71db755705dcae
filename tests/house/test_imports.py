"""Imports point down the house, and each outside library stays in its room."""

import ast
import subprocess
import sys
from pathlib import Path, PurePosixPath

REPOSITORY = Path(__file__).resolve().parents[2]

SQL_ROOMS = ("database", "hub", "tests")
SQL_MODULES = {
    "registry/accounts.py",
    "registry/authentication.py",
    "registry/device_records.py",
    "registry/directory.py",
    "registry/name_records.py",
    "registry/own_sessions.py",
    "registry/unknown_devices.py",
    "registry/readmission.py",
    "registry/upkeep.py",
    "renditions/metadata_records.py",
    "renditions/preparation_records.py",
    "renditions/rendition_records.py",
    "reporting/mark_records.py",
    "reporting/receipt_records.py",
    "reporting/report_records.py",
    "storage/aside_arrival_records.py",
    "storage/aside_records.py",
    "storage/catalogue.py",
    "storage/original_records.py",
    "storage/patient_decision_records.py",
    "storage/patient_records.py",
    "storage/representation_records.py",
    "storage/character_set_records.py",
    "storage/matching.py",
    "storage/search.py",
    "storage/series_records.py",
    "storage/study_names.py",
    "storage/text_records.py",
    "storage/transfers.py",
    "storage/upload_records.py",
    "worklist/act_records.py",
    "worklist/figures.py",
    "worklist/list_counts.py",
    "worklist/case_records.py",
    "worklist/case_scope.py",
    "worklist/turn_records.py",
    "worklist/reading_list.py",
    "worklist/request_records.py",
    "worklist/retake_records.py",
    "worklist/study_records.py",
    "worklist/unrouted.py",
}
"""Modules that hold their room's SQL, besides its `tables.py`."""


def imported(tree: ast.Module) -> set[str]:
    """Return the top-level packages that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module).partition(".")[0])
    return names


def test_imports_point_down_the_house_and_libraries_stay_in_their_rooms() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    finished = subprocess.run(
        [linter, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout


def writes_sql(tree: ast.Module) -> bool:
    """Whether a module uses more of SQLAlchemy than the type of an open transaction that it passes on."""
    nodes = list(ast.walk(tree))
    plain = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    named = [
        f"{node.module}.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.level == 0
        for alias in node.names
    ]
    used = {name for name in plain + named if name.partition(".")[0] == "sqlalchemy"}
    return bool(used - {"sqlalchemy.Connection"})


def test_sql_is_written_in_the_modules_named_for_it(trees: dict[str, ast.Module]) -> None:
    strangers = [
        name
        for name, tree in trees.items()
        if writes_sql(tree)
        and PurePosixPath(name).parts[0] not in SQL_ROOMS
        and PurePosixPath(name).name != "tables.py"
        and name not in SQL_MODULES
    ]
    assert strangers == []


def test_every_module_named_for_sql_exists_and_writes_some(trees: dict[str, ast.Module]) -> None:
    assert [name for name in SQL_MODULES if name not in trees or not writes_sql(trees[name])] == []


def test_the_rule_on_sql_knows_a_statement_from_a_transaction() -> None:
    assert not writes_sql(
        ast.parse("from sqlalchemy import Connection\nfrom database.engine import Database")
    )
    for statement in (
        "import sqlalchemy as sa",
        "from sqlalchemy import Connection, select",
        "import sqlalchemy.orm",
    ):
        assert writes_sql(ast.parse(statement))


def test_no_module_of_the_house_imports_its_tests(trees: dict[str, ast.Module]) -> None:
    assert [
        name for name, tree in trees.items() if not name.startswith("tests/") and "tests" in imported(tree)
    ] == []
