"""Drafts that change, reports that never do, and where each report has got to."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from database.schema import Moment, metadata

drafts = Table(
    "drafts",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("findings", Text, nullable=False),
    Column("impression", Text, nullable=False),
    Column("written_by", String(26), nullable=False),
    Column("written_at", Moment, nullable=False),
)

kept_drafts = Table(
    "kept_drafts",
    metadata,
    Column("kept_key", String(26), primary_key=True),
    Column("case_id", ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("workitem_uid", String(64), nullable=False),
    Column("findings", Text, nullable=False),
    Column("impression", Text, nullable=False),
    Column("written_by", String(26), nullable=False),
    Column("written_at", Moment, nullable=False),
    Column("reason", String(200), nullable=False),
)

reports = Table(
    "reports",
    metadata,
    Column("report_id", String(26), primary_key=True),
    Column("case_id", ForeignKey("cases.case_id"), nullable=False),
    Column("site_id", String(32), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("addendum_to", ForeignKey("reports.report_id")),
    Column("signed_by", String(26), nullable=False),
    Column("signed_at", Moment, nullable=False),
    Column("digest", String(64), nullable=False),
    # The canonical JSON that the digest was taken over, kept as text: the exact words that were signed.
    Column("document", Text, nullable=False),
    UniqueConstraint("case_id", "number"),
    Index("ix_reports_site", "site_id", "signed_at"),
)

publications = Table(
    "publications",
    metadata,
    Column("report_id", ForeignKey("reports.report_id"), primary_key=True),
    Column("form", String(8), primary_key=True),
    Column("series_instance_uid", String(64), nullable=False),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("published_at", Moment),
)

report_receipts = Table(
    "report_receipts",
    metadata,
    Column("report_id", ForeignKey("reports.report_id"), primary_key=True),
    Column("account_id", String(26), primary_key=True),
    Column("username", String(64), nullable=False),
    Column("form", String(8), nullable=False),
    Column("received_at", Moment, nullable=False),
)

report_confirmations = Table(
    "report_confirmations",
    metadata,
    Column("report_id", ForeignKey("reports.report_id"), primary_key=True),
    Column("account_id", String(26), primary_key=True),
    Column("username", String(64), nullable=False),
    Column("display_name", String(200), nullable=False),
    Column("confirmed_at", Moment, nullable=False),
)

# What the reader of a case has drawn into a study so far.
study_marks = Table(
    "study_marks",
    metadata,
    Column("site_id", String(32), primary_key=True),
    Column("study_instance_uid", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("marks", JSON, nullable=False),
    Column("written_by", String(26), nullable=False),
    Column("written_at", Moment, nullable=False),
)

# As it was when a report was signed.
report_marks = Table(
    "report_marks",
    metadata,
    Column("report_id", ForeignKey("reports.report_id"), primary_key=True),
    Column("study_instance_uid", String(64), primary_key=True),
    Column("marks", JSON, nullable=False),
)
