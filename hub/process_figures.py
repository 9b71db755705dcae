"""What only one process knows of itself, for a monitor on this machine, on a port of its own if one is set.

The port listens on loopback alone and asks for no token: what it tells names nobody (decision 0083).
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from pacs_gateway.server import GatewayCounts

LOOPBACK: Final = "127.0.0.1"

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
