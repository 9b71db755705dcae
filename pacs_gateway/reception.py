"""Puts DIMSE messages together from the fragments that arrive (PS3.7 6.3, PS3.8 annex E).

Command sets are held, within COMMAND_SET_LIMIT; data sets never are: each fragment goes to whoever takes the
data set in, and is forgotten.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from core.limits import COMMAND_SET_LIMIT, PDU_LENGTH_LIMIT
from pacs_gateway.command_set import Command, CommandSet, decode_command_set
from pacs_gateway.pdu import ProtocolViolation

_IS_COMMAND: Final = 1
_IS_LAST: Final = 2


class Intake(Protocol):
    """Takes in the data set of one message."""

    command: CommandSet

    def write(self, fragment: memoryview) -> None:
        """Take the next fragment. Raises ProtocolViolation when there have been too many."""

    def discard(self) -> None:
        """Forget what came; harmless when done twice."""


class Ignored:
    """An intake for what nobody asked for."""

    def __init__(self, command: CommandSet) -> None:
        self.command = command
        self._size = 0

    def write(self, fragment: memoryview) -> None:
        """Count it."""
        self._size += len(fragment)
        if self._size > PDU_LENGTH_LIMIT:
            raise ProtocolViolation("a long data set belongs to no request")

    def discard(self) -> None:
        """There is nothing to forget."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A whole message that waits for its response, on the presentation context it came by."""

    context_id: int
    intake: Intake

    @property
    def command(self) -> CommandSet:
        """Return what it asks."""
        return self.intake.command


class Reception:
    """The messages of one association, one after the other. Not for several threads at once."""

    def __init__(
        self, transfer_syntaxes: Mapping[int, str], take_in: Callable[[CommandSet, str], Intake]
    ) -> None:
        """Expect messages on these contexts; `take_in` opens an intake for a C-STORE."""
        self._transfer_syntaxes = transfer_syntaxes
        self._take_in = take_in
        self._context_id: int | None = None
        self._encoded_command = bytearray()
        self._intake: Intake | None = None

    @property
    def is_inside_message(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._context_id is not None

    def receive(self, context_id: int, value: memoryview) -> Request | None:
        """Take a fragment with its message control header; return the request that it completes, if any.

        Raises:
            ProtocolViolation: it does not fit what came before.
        """
        if self._context_id is None:
            if context_id not in self._transfer_syntaxes:
                raise ProtocolViolation("a message on a presentation context that was not accepted")
            self._context_id = context_id
        elif context_id != self._context_id:
            raise ProtocolViolation("a message goes on on another presentation context")
        control, fragment = value[0], value[1:]
        if control & _IS_COMMAND:
            return self._receive_command(context_id, fragment, is_last=bool(control & _IS_LAST))
        if self._intake is None:
            raise ProtocolViolation("a data set without a command set")
        self._intake.write(fragment)
        return self._completed() if control & _IS_LAST else None

    def abandon(self) -> None:
        """Give up the message that is half here: the association has ended."""
        if self._intake is not None:
            self._intake.discard()
            self._intake = None

    def _receive_command(self, context_id: int, fragment: memoryview, *, is_last: bool) -> Request | None:
        if self._intake is not None:
            raise ProtocolViolation("a command set inside a message")
        if len(self._encoded_command) + len(fragment) > COMMAND_SET_LIMIT:
            raise ProtocolViolation(f"a command set is longer than {COMMAND_SET_LIMIT} bytes")
        self._encoded_command += fragment
        if not is_last:
            return None
        command = decode_command_set(bytes(self._encoded_command))
        self._encoded_command.clear()
        if command.command_field == Command.C_STORE:
            self._intake = self._take_in(command, self._transfer_syntaxes[context_id])
        else:
            self._intake = Ignored(command)
        return None if command.has_data_set else self._completed()

    def _completed(self) -> Request | None:
        """Hand the message over; what asks for nothing, such as a C-CANCEL, ends here."""
        context_id, intake = self._context_id, self._intake
        self._context_id = self._intake = None
        if context_id is None or intake is None or not intake.command.is_request:
            return None
        return Request(context_id=context_id, intake=intake)
