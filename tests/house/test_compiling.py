"""What is compiled ahead of a run is what pytest would make of it, and takes."""

from pathlib import Path

from _pytest.assertion import rewrite

from tests.compiling import compile_test


def test_a_test_compiled_ahead_is_taken_as_it_is_until_it_changes(tmp_path: Path) -> None:
    test = tmp_path / "test_one.py"
    test.write_text("def test_one():\n    assert 1 == 2, 'why'\n", encoding="utf-8")
    compiled = compile_test(test)
    assert compiled.name == f"test_one{rewrite.PYC_TAIL}"
    code = rewrite._read_pyc(test, compiled)
    assert code == rewrite._rewrite_test(test, None)[1]
    assert "@pytest_ar" in code.co_names
    test.write_text("def test_one():\n    assert 1 == 1\n", encoding="utf-8")
    assert rewrite._read_pyc(test, compiled) is None
