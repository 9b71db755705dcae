"""A test of conformance says which paragraph of the standard it shows."""

import ast
import re

PARAGRAPH = re.compile(r"PS3\.(?:3|4|5|18) (?:Table )?[A-Z0-9]+(?:\.[0-9]+)*|RFC [0-9]{4} [0-9.]+")


def test_every_test_of_conformance_names_its_paragraph(trees: dict[str, ast.Module]) -> None:
    tests = [
        (name, node)
        for name, tree in trees.items()
        if name.startswith("tests/conformance/")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert [
        f"{name}:{node.lineno}" for name, node in tests if not PARAGRAPH.search(ast.get_docstring(node) or "")
    ] == []
    assert tests
