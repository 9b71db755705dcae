"""What was signed stays as it was: nothing changes it, and what was changed is not given out."""

import ast
import re
from pathlib import Path

import pytest
from sqlalchemy import select, update

from core.errors import ReportStateConflict
from database.append_only import ONLY_ADDED
from reporting.desk import Words
from reporting.tables import reports
from tests.fixtures.consultation import IMPRESSION, Consultation, at_site, reader
from tests.fixtures.tampering import without_triggers

REPOSITORY = Path(__file__).resolve().parents[2]
LI = reader("李建国")


def test_words_that_were_changed_behind_the_hubs_back_are_not_given_out(consultation: Consultation) -> None:
    report = consultation.signed(LI)
    with consultation.database.alter() as connection, without_triggers(connection):
        changed = connection.scalar(select(reports.c.document))
        assert changed is not None
        connection.execute(update(reports).values(document=changed.replace(IMPRESSION, "胆囊癌。")))
    for ask in (
        lambda: consultation.inbox.report(at_site("clinic"), report.report_id),
        lambda: consultation.desk.add_addendum(
            LI, report.report_id, Words(findings="", impression="x"), reason="r"
        ),
    ):
        with pytest.raises(ReportStateConflict, match=report.report_id):
            ask()
    [(failed, _error)] = consultation.publisher.run()
    assert failed == report.report_id
    [listed] = consultation.desk.reports_of_case(LI, report.case_id)
    assert not listed.is_as_signed, "a list with one damaged report is still a list"
    assert consultation.signed(LI).is_as_signed


def sources() -> list[Path]:
    rooms = [path.parent for path in REPOSITORY.glob("*/__init__.py")]
    return sorted(path for room in rooms for path in room.rglob("*.py"))


def test_no_statement_in_the_house_changes_what_is_only_ever_added() -> None:
    """Neither as update(reports) or delete(reports), nor as a method of the table, nor as SQL text."""
    looked, offences = 0, []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            looked += 1
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = re.search(r"(?i)\b(UPDATE|DELETE\s+FROM|REPLACE\s+INTO)\s+[\"`\[]?(\w+)", node.value)
                if text and text.group(2) in ONLY_ADDED:
                    offences.append(f"{path}:{node.lineno}")
            if isinstance(node, ast.Call) and changes_immutable(node) and not fills_the_chain(path, node):
                offences.append(f"{path}:{node.lineno}")
    assert looked > 10_000, "the search found no code to look at"
    assert offences == []


def fills_the_chain(path: Path, call: ast.Call) -> bool:
    """A record gets its place in the chain once: the rules of both engines let nothing else of it change."""
    return path.name == "audit_chain.py" and ast.unparse(call) == "update(audit_events)"


def changes_immutable(call: ast.Call) -> bool:
    match call.func:
        case ast.Name(id="update" | "delete") | ast.Attribute(attr="update" | "delete"):
            named = [*call.args]
            if isinstance(call.func, ast.Attribute):
                named.append(call.func.value)
            return any(
                (isinstance(item, ast.Name) and item.id in ONLY_ADDED)
                or (isinstance(item, ast.Attribute) and item.attr in ONLY_ADDED)
                for item in named
            )
    return False


@pytest.mark.parametrize(
    "statement",
    ["update(reports)", "delete(tables.reports)", "reports.update()", "sa.update(reports).values()"],
)
def test_the_search_for_changing_statements_finds_them(statement: str) -> None:
    calls = [node for node in ast.walk(ast.parse(statement)) if isinstance(node, ast.Call)]
    assert any(changes_immutable(call) for call in calls)
