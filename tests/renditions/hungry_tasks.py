"""What a decoder might do with foreign bytes: tasks for children to be held to their limits by."""

import os
import signal
import time

from core.errors import UnsupportedTransferSyntax


def echo(*parts: bytes) -> list[bytes]:
    """Give back what was given."""
    return list(parts)


def eat(size: int) -> list[bytes]:
    """Take memory."""
    return [b"%d" % len(bytearray(size))]


def spin(seconds: float) -> list[bytes]:
    """Take a core."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return [b"done"]


def doze(seconds: float) -> list[bytes]:
    """Take time."""
    time.sleep(seconds)
    return [b"done"]


def crash() -> list[bytes]:
    """End as a decoder in C does."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return []


def refuse() -> list[bytes]:
    """Find that it cannot be done."""
    raise UnsupportedTransferSyntax("no such luck")


def fail(secret: str) -> list[bytes]:
    """Have a bug."""
    raise KeyError(secret)


def environment() -> list[bytes]:
    """Tell what is to be known in a child."""
    return [name.encode() for name in os.environ] + [b"%d" % os.getppid()]


def write_a_file(path: str) -> list[bytes]:
    """Leave something behind."""
    with open(path, "wb") as file:  # noqa: PTH123 - what a decoder would do
        file.write(b"x")
    return []
