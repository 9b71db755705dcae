"""Keeps out of the log what pydicom and pynetdicom say about each ill-formed value that a stranger sends.

One association request can hold thousands of them, each a line and a warning that Python remembers
for as long as the process lives. What matters is in the line of the association.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pydicom import config

HEARD: Final = ("pynetdicom.dul", "pynetdicom.fsm")
"""Here pynetdicom reports its own exceptions, which would be bugs."""


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Hold the libraries quiet. The process reads no data set with pydicom meanwhile, only UIDs."""
    levels = {name: logging.getLogger(name).level for name in ("pynetdicom", *HEARD)}
    validation = config.settings.reading_validation_mode
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    for name in HEARD:
        logging.getLogger(name).setLevel(logging.ERROR)
    config.settings.reading_validation_mode = config.IGNORE
    try:
        yield
    finally:
        config.settings.reading_validation_mode = validation
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
