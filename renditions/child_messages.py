"""What the hub and a child of it say to each other, over a socket of their own.

To a child goes a pickle: it comes from us. What comes back was made where foreign bytes are decoded, so it is
plain: a short JSON head, then bytes of the lengths that it names.
"""

import json
import pickle
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.limits import KIB
from renditions.allowance import Allowance

Task = Callable[..., list[bytes]]

_LENGTH: Final = struct.Struct("<Q")
_HEAD_LIMIT: Final = 64 * KIB
_PIECE: Final = 1024 * KIB


class BrokenOff(Exception):
    """The other end is gone, or says what makes no sense."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A function of the modules that children know, with what it is called with."""

    task: Task
    arguments: tuple[Any, ...]
    allowance: Allowance


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of it: the parts; or an error's class and words; or where a bug showed itself."""

    parts: list[bytes]
    error: str = ""
    message: str = ""


def send_request(link: socket.socket, request: Request) -> None:
    """Send a request to a child. Raises OSError."""
    pickled = pickle.dumps(request, protocol=pickle.HIGHEST_PROTOCOL)
    link.sendall(_LENGTH.pack(len(pickled)))
    link.sendall(pickled)


def receive_request(link: socket.socket) -> Request | None:
    """Return the next request from the parent, None when it has gone."""
    try:
        (length,) = _LENGTH.unpack(_received(link, _LENGTH.size))
        request: Request = pickle.loads(_received(link, length))  # noqa: S301 - from our own parent
    except BrokenOff:
        return None
    return request


def send_answer(link: socket.socket, answer: Answer) -> None:
    """Send an answer to the parent. Raises OSError."""
    head = json.dumps(
        {"parts": [len(part) for part in answer.parts], "error": answer.error, "message": answer.message}
    ).encode()
    link.sendall(_LENGTH.pack(len(head)) + head)
    for part in answer.parts:
        link.sendall(part)


def receive_answer(link: socket.socket, *, most: int) -> Answer:
    """Return the answer of a child, at most so many bytes of it.

    Raises:
        BrokenOff: the child has ended, or its answer is none.
        OSError: among others TimeoutError, where it takes longer than the link's timeout.
    """
    (length,) = _LENGTH.unpack(_received(link, _LENGTH.size))
    if length > _HEAD_LIMIT:
        raise BrokenOff
    try:
        head = json.loads(_received(link, length))
        lengths, error, message = list(map(int, head["parts"])), str(head["error"]), str(head["message"])
    except (ValueError, TypeError, KeyError) as problem:
        raise BrokenOff from problem
    if any(each < 0 for each in lengths) or sum(lengths) > most:
        raise BrokenOff
    return Answer(parts=[_received(link, each) for each in lengths], error=error, message=message)


def _received(link: socket.socket, length: int) -> bytes:
    pieces: list[bytes] = []
    while length > 0:
        piece = link.recv(min(length, _PIECE))
        if not piece:
            raise BrokenOff
        pieces.append(piece)
        length -= len(piece)
    return _joined(pieces)


def _joined(pieces: Sequence[bytes]) -> bytes:
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
