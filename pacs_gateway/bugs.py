"""The one catch-all of this edge: a bug costs one instance and is answered 0110, whichever thread met it."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import structlog

from core.errors import HubError
from pacs_gateway.pdu import ProtocolViolation

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

log = structlog.stdlib.get_logger(__name__)


class UnexpectedFailure(HubError):
    """Unexpected error in the hub; see its log."""


def guarded(
    act: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Result:
    """Do something for a device.

    Raises:
        HubError: what it raised, or UnexpectedFailure for anything that should not have happened.
        ProtocolViolation: the peer broke the rules.
    """
    try:
        return act(*arguments, **named)
    except (HubError, ProtocolViolation):
        raise
    except Exception as bug:  # the one catch-all of this edge
        log.exception("a request failed unexpectedly", act=act.__name__)
        raise UnexpectedFailure from bug
