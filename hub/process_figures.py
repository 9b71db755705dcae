"""What only one process knows of itself, for a monitor on this machine, on a port of its own if one is set.

The port listens on loopback alone and asks for no token: what it tells names nobody (decision 0083).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Final

import structlog

from core.limits import MIB

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from pacs_gateway.server import GatewayCounts

LOOPBACK: Final = "127.0.0.1"
NEIGHBOUR_SECONDS: Final = 1.0
LONGEST_FIGURES: Final = MIB

log = structlog.stdlib.get_logger("hub.process_figures")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number, or one for each value of a label; `grows` where it counts since the start."""

    name: str
    meaning: str
    grows: bool
    value: float = 0.0
    label: str = ""
    values: dict[str, float] = field(default_factory=dict)


@contextmanager
def served(port: int | None, read: Callable[[], Iterable[Figure]]) -> Iterator[int | None]:
    """Answer a monitor while the context lasts; yield the port, None where none is set or it cannot be had.

    A port that is taken is told in the log and no more: no monitor is worth turning devices away for.
    """
    if port is None:
        yield None
        return
    from prometheus_client import CollectorRegistry, start_http_server  # slow to import, and mostly not asked

    registry = CollectorRegistry()
    registry.register(_Collector(read))
    try:
        server, thread = start_http_server(port, addr=LOOPBACK, registry=registry)
    except OSError as error:
        log.error("the figures of this process cannot be served", port=port, reason=error.strerror)  # noqa: TRY400 - the reason is the whole story
        yield None
        return
    log.info("serving figures", host=LOOPBACK, port=server.server_port)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def figures_of_neighbours(ports: Mapping[str, int | None]) -> bytes:
    """Return what other processes tell on their ports of this machine, and which of them answered.

    A process without a port is left out, and so is one on a free port, which only its log names.
    """
    told, is_up = [], {}
    for name, port in ports.items():
        if port:
            figures = _told_on(port)
            is_up[name] = float(figures is not None)
            told.append(figures or b"")
    lines = [f'hub_process_up{{process="{name}"}} {up}\n' for name, up in is_up.items()]
    head = ["# HELP hub_process_up Whether a process told its figures\n", "# TYPE hub_process_up gauge\n"]
    return b"".join(told) + "".join(head + lines if lines else lines).encode()


def _told_on(port: int) -> bytes | None:
    """Return the figures on a port; None where nobody tells any in time."""
    with closing(HTTPConnection(LOOPBACK, port, timeout=NEIGHBOUR_SECONDS)) as connection:
        try:
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            body = answer.read(LONGEST_FIGURES + 1)
        except (OSError, HTTPException):
            return None
    return body if answer.status == HTTPStatus.OK and len(body) <= LONGEST_FIGURES else None


class _Collector:
    """Asks at each scrape, so that nothing is counted twice."""

    def __init__(self, read: Callable[[], Iterable[Figure]]) -> None:
        self._read = read

    def describe(self) -> list["Metric"]:
        """Say nothing beforehand: registering asks for no figures."""
        return []

    def collect(self) -> Iterator["Metric"]:
        """Yield the figures of this moment."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for figure in self._read():
            family = CounterMetricFamily if figure.grows else GaugeMetricFamily
            if not figure.label:
                yield family(figure.name, figure.meaning, value=figure.value)
                continue
            found = family(figure.name, figure.meaning, labels=[figure.label])
            for word, number in sorted(figure.values.items()):
                found.add_metric([word], number)
            yield found


def gateway_figures(counts: "GatewayCounts") -> list[Figure]:
    """Return the door's figures; outcomes and reasons are the gateway's own words."""
    return [
        Figure(name="hub_dicom_associations", meaning="That stand", grows=False, value=counts.associations),
        Figure(
            name="hub_dicom_connections_waiting",
            meaning="Connections that have not asked for an association",
            grows=False,
            value=counts.waiting,
        ),
        Figure(
            name="hub_dicom_rejected",
            meaning="Requests for an association that were turned away",
            grows=True,
            label="reason",
            values=dict(counts.rejected),
        ),
        Figure(
            name="hub_dicom_evicted",
            meaning="Idle associations that gave their place to another",
            grows=True,
            value=counts.evicted,
        ),
        Figure(
            name="hub_dicom_requests",
            meaning="Answered requests, by what became of the instance or the status of the refusal",
            grows=True,
            label="outcome",
            values=dict(counts.requests),
        ),
        Figure(
            name="hub_dicom_received_bytes",
            meaning="Bytes of their data sets",
            grows=True,
            value=counts.received_bytes,
        ),
    ]
