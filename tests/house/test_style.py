"""What keeps the code readable: sizes, names, and a reason beside each exception to a rule."""

import ast
import re
from pathlib import PurePosixPath

FUNCTION_LINES = 60
FILE_LINES = 400
TEST_FILE_LINES = 600  # tables of cases are read line by line, not as a whole
GENERATED = "hub/migrations/versions/"  # written by `hub.migrations`, and never again
BANNED_WORDS = {"util", "utils", "common", "helper", "helpers", "misc", "manager", "processor"}
BANNED_SUFFIXES = ("Service", "Impl")
IGNORE = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma)\b(?P<rest>.*)")
REASON = re.compile(r"^(?::\s*[A-Z]+\d+(?:[, ]+[A-Z]+\d+)*|\[[a-z, -]+\])\s*(?:#|-)\s*\S+")

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> list[FunctionNode]:
    return [node for node in ast.walk(tree) if isinstance(node, FunctionNode)]


def words(name: str) -> set[str]:
    """Return the words of a name, snake_case or CamelCase."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)}


def test_a_function_can_be_read_at_one_sight(trees: dict[str, ast.Module]) -> None:
    long = [
        f"{name}:{node.lineno} {node.name} has {length} lines"
        for name, tree in trees.items()
        for node in functions(tree)
        if not name.startswith(GENERATED)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    ]
    assert long == []


def test_a_file_can_be_read_at_one_sitting(sources: dict[str, str]) -> None:
    long = []
    for name, text in sources.items():
        allowed = TEST_FILE_LINES if name.startswith("tests/") else FILE_LINES
        if not name.startswith(GENERATED) and text.count("\n") > allowed:
            long.append(f"{name}: {text.count(chr(10))}")
    assert long == []


def test_a_module_says_what_it_is_for(trees: dict[str, ast.Module]) -> None:
    assert [name for name, tree in trees.items() if tree.body and not ast.get_docstring(tree)] == []


def test_names_say_what_a_thing_is(trees: dict[str, ast.Module]) -> None:
    named: list[tuple[str, str]] = []
    for path, tree in trees.items():
        named.extend((path, part) for part in PurePosixPath(path).with_suffix("").parts)
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef | FunctionNode)]
        named.extend((path, node.name) for node in nodes)
    assert [
        (path, name) for path, name in named if words(name) & BANNED_WORDS or name.endswith(BANNED_SUFFIXES)
    ] == []


def test_an_ignored_rule_has_its_reason_in_the_same_line(sources: dict[str, str]) -> None:
    bare = [
        f"{name}:{number}"
        for name, text in sources.items()
        for number, line in enumerate(text.splitlines(), 1)
        if name != "tests/house/test_style.py"
        and (found := IGNORE.search(line))
        and not REASON.match(found["rest"].strip())
    ]
    assert bare == []


def test_the_rule_on_reasons_knows_a_bare_ignore() -> None:
    bare = ["# noqa", "# noqa: S603", "# type: ignore", "# type: ignore[misc]", "# noqa: S603, S607"]
    reasoned = ["# noqa: S603 - our own", "# type: ignore[misc]  # why", "# noqa: S603, S607 - why"]
    assert [line for line in bare + reasoned if REASON.match(IGNORE.search(line)["rest"].strip())] == reasoned


def test_every_test_checks_something(trees: dict[str, ast.Module]) -> None:
    idle = []
    for path, tree in trees.items():
        if not path.startswith("tests/"):
            continue
        own = {node.name: node for node in functions(tree)}
        idle.extend(
            f"{path} {name}"
            for name, node in own.items()
            if name.startswith("test_") and not checks(node, own, set())
        )
    assert idle == []


def checks(node: ast.AST, own: dict[str, FunctionNode], seen: set[str]) -> bool:
    """Whether a function can fail by a check of its own, or by one in a function of the same file."""
    for part in ast.walk(node):
        if isinstance(part, ast.Assert) and not isinstance(part.test, ast.Constant):
            return True
        if not isinstance(part, ast.Call):
            continue
        called = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
        if called in ("raises", "fail", "warns") or called.startswith(("assert_", "fnmatch_lines")):
            return True
        if any(
            keyword.arg == "check" and getattr(keyword.value, "value", False) for keyword in part.keywords
        ):
            return True  # a program that must succeed
        if called in own and called not in seen and checks(own[called], own, seen | {called}):
            return True
    return False


def test_the_rule_on_checks_knows_an_idle_test() -> None:
    tree = ast.parse(
        "def test_idle(): run()\n"
        "def test_always(): assert True\n"
        "def test_direct(): assert x\n"
        "def test_called(): look()\n"
        "def look(): assert_equal(1, 2)\n"
    )
    own = {node.name: node for node in functions(tree)}
    assert [name for name, node in own.items() if not checks(node, own, set())] == [
        "test_idle",
        "test_always",
    ]
