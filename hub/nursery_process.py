"""The nursery itself: `python -m hub.nursery_process DESCRIPTOR`.

It has one thread and opens nothing: an order says what to import, and with which arguments and environment a
child then goes on as `python -m` would have begun it.
"""

import gc
import json
import os
import runpy
import select
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from hub.child import given_descriptors
from hub.nursery import PID

_ORDER_BYTES: Final = 1 << 20
_NAME_LENGTH: Final = 15
_MOST_DESCRIPTORS: Final = 64
"""Of one order; a host has few addresses."""


@dataclass(frozen=True, kw_only=True)
class _Order:
    arguments: list[str]
    imports: list[str]
    environment: dict[str, str]
    link: int
    stderr: int
    listeners: list[int]

    def close(self) -> None:
        """Give back what was sent with it."""
        for descriptor in (self.link, self.stderr, *self.listeners):
            os.close(descriptor)


def main() -> None:
    """Fork a child for each order until the supervisor has gone; the child leaves this by its own end."""
    supervisor = socket.socket(fileno=int(sys.argv[1]))
    gc.disable()  # what is imported is there for good
    while (order := _received(supervisor)) is not None:
        for module in order.imports:
            import_module(module)
        gc.freeze()  # shared with the children, if the collector does not touch it
        if _is_awaited(order) and _forked(order):
            supervisor.close()
            _become(order)
            return
        order.close()


def _received(supervisor: socket.socket) -> _Order | None:
    message, descriptors, _, _ = socket.recv_fds(supervisor, _ORDER_BYTES, _MOST_DESCRIPTORS)
    if not message:
        return None
    said: dict[str, Any] = json.loads(message)
    link, stderr, *listeners = descriptors
    return _Order(**said, link=link, stderr=stderr, listeners=listeners)


def _is_awaited(order: _Order) -> bool:
    """Whether the supervisor still holds the other end of the link."""
    return not select.select([order.link], [], [], 0)[0]


def _forked(order: _Order) -> bool:
    """Fork a child that the supervisor adopts: its parent ends at once. True in the child."""
    said, saying = os.pipe()
    parent = os.fork()
    if parent == 0:
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            os.close(said)
            os.close(saying)
            return True
        os.write(saying, b"%d" % child)
        os._exit(0)
    os.close(saying)
    os.waitpid(parent, 0)  # after this the supervisor has the child
    number = os.read(said, 32)
    os.close(said)
    with suppress(OSError):  # the supervisor has gone meanwhile, which the child sees too
        os.write(order.link, PID + number)
    return False


def _become(order: _Order) -> None:
    gc.enable()
    os.dup2(order.stderr, 2)
    os.close(order.stderr)
    os.environ.clear()
    os.environ.update(order.environment | given_descriptors(order.link, order.listeners))
    module, *arguments = order.arguments
    sys.argv = [module, *arguments]
    with suppress(OSError):  # the lists of processes show it; their command line stays the nursery's
        Path("/proc/self/comm").write_text("-".join(order.arguments)[:_NAME_LENGTH])
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
