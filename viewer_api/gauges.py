"""The rooms' figures as gauges of a monitor: names, meanings, and labels that are the hub's own few words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from database.figures import Figures
from storage.figures import StorageFigures
from worklist.figures import WorklistFigures


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One gauge: a number, or one for each value of its label."""

    name: str
    meaning: str
    value: float = 0.0
    label: str = ""
    values: Mapping[str, float] | None = None


class _Told(Collector):
    """Gauges as they are now. Those of the library would be kept in the files that processes count in."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Sequence[Metric]:
        """Return them."""
        return self._families


def as_text(families: Sequence[Metric]) -> bytes:
    """Return figures in Prometheus' text form."""
    registry = CollectorRegistry()
    registry.register(_Told(families))
    return generate_latest(registry)


def gauges(readings: Iterable[Reading]) -> Iterator[Metric]:
    """Yield the readings as a monitor's gauges."""
    for reading in readings:
        if reading.values is None:
            yield GaugeMetricFamily(reading.name, reading.meaning, value=reading.value)
            continue
        gauge = GaugeMetricFamily(reading.name, reading.meaning, labels=[reading.label])
        for word, number in reading.values.items():
            gauge.add_metric([word], number)
        yield gauge


def of_build(*, version: str, schema: str) -> Metric:
    """Return which hub this is."""
    gauge = GaugeMetricFamily("hub_build", "Which hub this is", labels=["version", "schema"])
    gauge.add_metric([version, schema], 1)
    return gauge


def of_database(found: Figures) -> list[Reading]:
    """Return jobs by kind, followers, and what waits for its place in the audit."""
    by_kind = {
        "hub_jobs_waiting": ("Jobs that wait or are being done", found.jobs_waiting),
        "hub_jobs_late": ("Jobs past their time", found.jobs_late),
        "hub_jobs_resting": ("Jobs that were given up", found.jobs_resting),
    }
    readings = [
        Reading(name=name, meaning=meaning, label="kind", values=values)
        for name, (meaning, values) in by_kind.items()
    ]
    return [
        *readings,
        Reading(
            name="hub_feed_lag",
            meaning="Changes that a follower has not seen",
            label="follower",
            values=found.feed_lag,
        ),
        Reading(
            name="hub_audit_unchained",
            meaning="Audit rows without a place in their chain",
            value=found.audit_unchained,
        ),
        Reading(
            name="hub_audit_unchained_seconds",
            meaning="Age of the oldest of them",
            value=found.audit_unchained_seconds,
        ),
    ]


def of_worklist(found: WorklistFigures) -> list[Reading]:
    """Return cases by urgency, and how long the oldest has waited."""
    by_urgency = {
        "hub_cases_waiting": ("Cases that nobody has claimed", found.waiting),
        "hub_cases_claimed": ("Cases that a reader holds, each with a lease", found.claimed),
        "hub_cases_overdue": ("Of both, those whose report is due", found.overdue),
    }
    readings = [
        Reading(
            name=name,
            meaning=meaning,
            label="urgency",
            values={urgency.value: number for urgency, number in values.items()},
        )
        for name, (meaning, values) in by_urgency.items()
    ]
    oldest = Reading(
        name="hub_cases_oldest_waiting_seconds",
        meaning="Since the first image of the case that nobody has claimed for longest",
        value=found.oldest_waiting_seconds,
    )
    return [*readings, oldest]


def of_storage(found: StorageFigures) -> list[Reading]:
    """Return what lies aside, and which patients disagree."""
    numbers = {
        "hub_kept_aside_rows": ("Instances in quarantine or beside another", found.aside_rows),
        "hub_kept_aside_bytes": ("Their size", found.aside_bytes),
        "hub_kept_aside_undecided": ("Of them, those that nobody has decided about", found.aside_waiting),
        "hub_patient_conflicts": (
            "Of these, what shows another patient than its study",
            found.patient_conflicts,
        ),
        "hub_studies_flagged": ("Studies that disagree with their patient", found.flagged_studies),
    }
    return [Reading(name=name, meaning=meaning, value=number) for name, (meaning, number) in numbers.items()]


def of_imports(found: Mapping[str, int]) -> list[Reading]:
    """Return what became of the files of media, since the hub's first day."""
    return [
        Reading(
            name="hub_imported_files",
            meaning="Files of imported media, by what became of them",
            label="outcome",
            values=found,
        )
    ]


def of_disks(found: Mapping[str, float]) -> list[Reading]:
    """Return the room on each disk that could be asked."""
    return [Reading(name="hub_disk_free_bytes", meaning="Room on a disk", label="disk", values=found)]
