"""Tables in the documentation that are made from the code, so that they stay true.

`python -m hub.documentation` writes them between their marks; a house test fails where one is out of date.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from hub import conformance
from hub.settings import OPTIONS, Settings, option, variable

REPOSITORY: Final = Path(__file__).resolve().parents[1]


def settings_table() -> str:
    """Return every setting as a Markdown table."""
    rows = ["| Variable | Option | Default | Meaning |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        default = extra.get("default_text") or _shown(field.default)
        named = f"`{option(name)}`" if name in OPTIONS else ""
        rows.append(f"| `{variable(name)}` | {named} | {default} | {field.description} |")
    return "\n".join(rows)


TABLES: Final[dict[str, dict[str, Callable[[], str]]]] = {
    "docs/settings.md": {"settings": settings_table},
    "docs/pictures.md": {"pixels": conformance.pixels_table},
    "CONFORMANCE.md": {
        "sop-classes": conformance.sop_classes_table,
        "transfer-syntaxes": conformance.transfer_syntaxes_table,
        "statuses": conformance.statuses_table,
        "matching": conformance.matching_table,
        "roles": conformance.roles_table,
        "failure-reasons": conformance.failure_reasons_table,
        "tls": conformance.tls_table,
        "limits": conformance.limits_table,
    },
}
"""For each document its marks, and what stands there."""


def regenerated(text: str, tables: dict[str, Callable[[], str]]) -> str:
    """Return a document with what stands between `<!-- name -->` and `<!-- /name -->` made anew.

    Raises ValueError where a mark is missing, since a table that is not shown is not kept true.
    """
    for name, table in tables.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"each mark of {name!r} must stand once in the document")
        before, rest = text.split(begin)
        text = f"{before}{begin}{table()}\n{end}{rest.partition(end)[2]}"
    return text


def write(repository: Path = REPOSITORY) -> list[str]:
    """Bring every document up to date; return those that changed."""
    changed = []
    for document, tables in TABLES.items():
        path = repository / document
        before = path.read_text(encoding="utf-8")
        after = regenerated(before, tables)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(document)
    return changed


def _shown(default: object) -> str:
    """Write a default as one would set it."""
    if default in ((), None, ""):
        return "none"
    return f"`{default}`"


if __name__ == "__main__":
    for name in write():
        print(f"{name} brought up to date")  # noqa: T201 - a command's answer
