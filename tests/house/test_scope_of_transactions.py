"""A transaction on behalf of somebody is opened for what they may see; for every site only with a reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
ASKING = {"actor", "visible_to", "scope"}
REASON = "# every site: "


def opened_for_every_site(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield the transactions over every site inside functions that are told who asks."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}
            if arguments & ASKING:
                yield from (call for call in ast.walk(function) if is_over_every_site(call))


def is_over_every_site(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"read", "write"}
        and any(word.arg == "within" and "EVERY_SITE" in ast.unparse(word.value) for word in node.keywords)
    )


def test_nobody_is_given_every_site_without_a_reason(trees: dict[str, ast.Module]) -> None:
    silent = []
    for name, tree in trees.items():
        if name.startswith(("tests/", "hub/")):
            continue
        lines = Path(REPOSITORY, name).read_text(encoding="utf-8").splitlines()
        silent += [
            f"{name}:{call.lineno}"
            for call in opened_for_every_site(tree)
            if REASON not in "\n".join(lines[call.lineno - 3 : call.lineno])
        ]
    assert silent == [], f"open it for the scope of who asks, or say above it {REASON}why"


def test_the_rule_finds_what_it_is_for() -> None:
    tree = ast.parse(
        "def look(self, actor):\n    with self._database.read(within=EVERY_SITE) as each:\n        pass\n"
    )
    assert len(list(opened_for_every_site(tree))) == 1


def test_no_room_goes_round_the_transactions(trees: dict[str, ast.Module]) -> None:
    """The engine itself knows nothing of sites."""
    round_about = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        if not name.startswith(("tests/", "hub/", "database/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"engine", "alter", "survey"}
    ]
    assert round_about == []
