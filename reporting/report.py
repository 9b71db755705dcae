"""A report as the desk knows it: a draft that changes, and signed versions that never do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reporting.document import ReportDocument, ReportStatus


class ReportForm(StrEnum):
    """The forms in which a report leaves the hub."""

    JSON = "json"
    PDF = "pdf"
    SR = "sr"


PUBLISHED_FORMS = (ReportForm.SR, ReportForm.PDF)
"""Both are kept in the study, in this order, through the same door as everything else."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a reader has written so far; version 0 is the empty page."""

    case_id: str
    version: int
    findings: str
    impression: str
    written_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class KeptDraft:
    """Words that came too late to be the draft, kept so that nobody has to write them twice."""

    kept_key: str
    workitem_uid: str
    findings: str
    impression: str
    written_at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One form of a report as an object of the study; its UIDs were given out when it was signed."""

    form: ReportForm
    series_instance_uid: str
    sop_instance_uid: str
    published_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Proof that an account of the clinic has had the report in its hands."""

    username: str
    form: ReportForm
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """A named person of the clinic says that they have the report."""

    display_name: str
    username: str
    confirmed_at: datetime


@dataclass(frozen=True, kw_only=True)
class StandingReport:
    """What stands for a case now, in short."""

    report_id: str
    status: ReportStatus
    signed_at: datetime
    is_received: bool
    is_confirmed: bool


@dataclass(frozen=True, kw_only=True)
class Report:
    """One signed version. `number` counts the versions of a case from 1; nothing here ever changes."""

    report_id: str
    case_id: str
    site_id: str
    study_instance_uid: str
    number: int
    status: ReportStatus
    addendum_to: str | None
    signed_by: str
    signed_at: datetime
    digest: str
    document: ReportDocument
    publications: tuple[Publication, ...]
    receipts: tuple[Receipt, ...]
    confirmations: tuple[Confirmation, ...] = ()
    supersedes: str | None = None
    """The version before it that it stands in place of."""
    superseded_by: str | None = None
    """The version that stands in its place now; of an addendum, that of the report it adds to."""
    was_received_before: bool = False
    """Whether the clinic has had an earlier version in its hands."""

    @property
    def is_as_signed(self) -> bool:
        """Whether the words are still those that the digest was taken over."""
        return self.document.content_digest == self.digest

    @property
    def needs_notice(self) -> bool:
        """Whether the clinic has words in its hands that this version stands in place of, but not this."""
        is_current = self.superseded_by is None and self.supersedes is not None
        return is_current and self.was_received_before and not self.receipts

    @property
    def is_published(self) -> bool:
        """Whether SR and PDF are kept in the study."""
        return bool(self.publications) and all(form.published_at for form in self.publications)
