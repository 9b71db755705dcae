"""A test of conformance says which paragraph of the standard it is about."""

import ast
import re
from pathlib import Path

DICOM_WEB = Path(__file__).parents[1] / "conformance" / "dicomweb"
PARAGRAPH = re.compile(r"PS3\.(3|4|5|18) (Table )?[0-9A-Z]+[.0-9-]*|RFC [0-9]+ [0-9.]+")
WITNESSES = {"test_orthanc.py"}
"""What another program makes of the whole."""


def test_every_test_of_dicomweb_names_a_paragraph() -> None:
    named = 0
    for file in sorted(DICOM_WEB.glob("test_*.py")):
        for node in ast.parse(file.read_text()).body:
            if (
                isinstance(node, ast.FunctionDef)
                and node.name.startswith("test_")
                and file.name not in WITNESSES
            ):
                assert PARAGRAPH.search(ast.get_docstring(node) or ""), f"{file.name}: {node.name}"
                named += 1
    assert named > 30
