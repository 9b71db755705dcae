"""`python -m tests.compiling FILE...`: compile tests as pytest does at their import, and keep the outcome.

Each process of a run imports every test. Without this the first thing they all do, at the same time, is to
rewrite the same assertions; and collecting the tests once before it would import the whole house for that.
"""

import os
import sys
from pathlib import Path

from _pytest.assertion import rewrite


def compile_test(path: Path) -> Path:
    """Write the compiled file beside a test, all at once, and return its path."""
    source_hash, code = rewrite._rewrite_test(path, None)
    folder = rewrite.get_cache_dir(path)
    folder.mkdir(parents=True, exist_ok=True)
    compiled = folder / f"{path.stem}{rewrite.PYC_TAIL}"
    written = compiled.with_suffix(f".{os.getpid()}")
    with written.open("wb") as file:
        rewrite._write_pyc_fp(file, source_hash, code)
    return written.replace(compiled)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        compile_test(Path(name).absolute())
