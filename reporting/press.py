"""A compiler of layouts that is made once and keeps its font and layout warm."""

import json
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final, Literal

import typst

from reporting.fonts import FONT_PATH

_FOLDER: Final = Path(__file__).parent / "paper"


class Press:
    """Prints on one of the layouts beside this module, one paper at a time; many threads may use it."""

    def __init__(self, layout: str) -> None:
        self._layout = _FOLDER / layout
        self._lock = Lock()
        self._compiler: typst.Compiler | None = None

    def pdf(self, paper: Any, *, standards: Sequence[Literal["a-2b"]] = ()) -> bytes:
        """Return a PDF; the paper travels as JSON, so that none of its words can become markup."""
        return self._printed(paper, format="pdf", pdf_standards=list(standards))

    def png(self, paper: Any, dpi: int) -> bytes:
        """Return the first page as pixels, so many of them an inch."""
        return self._printed(paper, format="png", ppi=float(dpi))

    def _printed(self, paper: Any, **how: Any) -> bytes:
        with self._lock:
            if self._compiler is None:
                self._compiler = typst.Compiler(
                    self._layout, root=_FOLDER, font_paths=[FONT_PATH.parent], ignore_system_fonts=True
                )
            made = self._compiler.compile(sys_inputs={"paper": json.dumps(paper, ensure_ascii=False)}, **how)
        if isinstance(made, list):
            made = made[0]
        if not isinstance(made, bytes):
            raise TypeError("the compiler gives bytes where no file is named")
        return made
