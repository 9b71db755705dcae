"""Which signed version of a case stands, and which it has superseded: by their numbers alone. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from reporting.document import VERSIONS, ReportStatus


@dataclass(frozen=True, kw_only=True)
class Version:
    """One signed version of a case, as far as the others are concerned."""

    report_id: str
    number: int
    status: ReportStatus
    addendum_to: str | None
    is_received: bool


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What one version is among the others."""

    supersedes: str | None
    superseded_by: str | None
    was_received_before: bool


def current_version(versions: Iterable[Version]) -> Version | None:
    """Return the one that stands: the newest final or amended."""
    return max(
        (version for version in versions if version.status in VERSIONS),
        key=lambda version: version.number,
        default=None,
    )


def standing_of(report_id: str, versions: Iterable[Version]) -> Standing:
    """Return what a version is among all versions of its case.

    A preliminary report is superseded by the first final one after it, an addendum with its report.
    """
    known = sorted(versions, key=lambda version: version.number)
    [itself] = [version for version in known if version.report_id == report_id]
    if itself.addendum_to is not None:
        return Standing(
            supersedes=None,
            superseded_by=standing_of(itself.addendum_to, known).superseded_by,
            was_received_before=False,
        )
    earlier = [version for version in known if version.number < itself.number]
    later = [version for version in known if version.number > itself.number]
    replaced = [version for version in earlier if version.status in VERSIONS]
    replacing = [version for version in later if version.status in VERSIONS]
    return Standing(
        supersedes=replaced[-1].report_id if replaced and itself.status in VERSIONS else None,
        superseded_by=replacing[0].report_id if replacing else None,
        was_received_before=any(version.is_received for version in earlier),
    )
