"""The nursery and its children: `python -m renditions.decoding_child DESCRIPTOR`.

The nursery has one thread, imports all that decodes, and then only forks: each child is warm at once. A child
works off requests of its one parent within limits that the system holds it to; where it is ended by them,
another takes its place. It knows no settings, no catalogue and no blob store.
"""

import gc
import os
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Final

from core.errors import HubError
from core.limits import DECODING_BYTES, DECODING_BYTES_AT_MOST
from imaging.codecs import add_decoders
from imaging.decoding import undecodable
from renditions import decoding_tasks, ecg_file_tasks, ecg_tasks, picture_tasks  # noqa: F401 - what children do, imported once
from renditions.allowance import Allowance
from renditions.child_messages import Answer, Request, receive_request, send_answer

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_DESCRIPTORS: Final = 64


def main() -> None:
    """Fork a child for each descriptor that the parent sends, until it has gone."""
    parent = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a child ended: its socket tells
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    add_decoders()
    # What is here before the fork is shared for good, if the collector does not touch it.
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(parent, 1, 1)
        if not message:
            return
        if os.fork() == 0:
            parent.close()
            _serve(socket.socket(fileno=descriptors[0]))
            os._exit(0)
        os.close(descriptors[0])


def _serve(parent: socket.socket) -> None:
    at_rest = _address_space()
    ceiling = at_rest + DECODING_BYTES_AT_MOST
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_DESCRIPTORS, _DESCRIPTORS))
    while (request := receive_request(parent)) is not None:
        _limit(request.allowance, ceiling)
        answer = _answer(request)
        signal.setitimer(signal.ITIMER_REAL, 0)
        send_answer(parent, answer)
        if _address_space() > at_rest + DECODING_BYTES:
            return  # what a task left behind is cheaper to fork anew than to find


def _limit(allowance: Allowance, ceiling: int) -> None:
    """Hold this process to an allowance from now on: beyond it, memory is refused and time is death."""
    allowed = min(ceiling, _address_space() + allowance.address_space)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, ceiling))
    spent = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(spent.ru_utime + spent.ru_stime) + 1 + allowance.cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_REAL, allowance.wall_seconds)


def _answer(request: Request) -> Answer:
    try:
        return Answer(parts=request.task(*request.arguments))
    except HubError as error:
        return Answer(parts=[], error=type(error).__name__, message=str(error))
    except MemoryError:
        refusal = undecodable("takes more memory to decode than is allowed")
        return Answer(parts=[], error=type(refusal).__name__, message=str(refusal))
    except Exception as error:  # noqa: BLE001 - the child's one catch-all: its parent has the log
        return Answer(parts=[], message=_place_of(error))


def _place_of(error: Exception) -> str:
    """Name a bug by class and line: its words may quote a data set."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else ""
    return f"{type(error).__name__} at {place}"


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE


if __name__ == "__main__":
    main()
