"""Cases, the studies and workitems in them, and what clinics asked."""

from sqlalchemy import JSON, Column, Date, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from database.schema import Moment, metadata

cases = Table(
    "cases",
    metadata,
    Column("case_id", String(26), primary_key=True),
    Column("site_id", String(32), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("modality", String(16), nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("patient_name", String(1024), nullable=False),
    Column("patient_id", String(1024), nullable=False),
    Column("patient_birth_date", Date),
    Column("patient_sex", String(16), nullable=False),
    Column("study_date", Date),
    Column("accession_number", String(1024), nullable=False),
    Column("study_description", String(1024), nullable=False),
    Column("text_finding", String(40), nullable=False, server_default=""),
    Column("clinical_question", Text, nullable=False),
    Column("history", Text, nullable=False),
    Column("first_received_at", Moment, nullable=False),
    Column("current_workitem_uid", String(64), nullable=False),
    # 1 for what goes before all else.
    Column("urgency_rank", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    # Of a case whose studies are read in another one, which that is.
    Column("linked_into", String(26), index=True),
    # Since when the clinic has asked for at least this urgency; NULL where it has not.
    Column("urgent_since", Moment),
    Column("emergency_since", Moment),
    UniqueConstraint("site_id", "study_instance_uid"),
    Index("ix_cases_order", "urgency_rank", "due_at"),
    Index("ix_cases_accession", "site_id", "accession_number"),
)

# A study is read in one case: that which was opened for it, or another one of the same visit.
case_studies = Table(
    "case_studies",
    metadata,
    Column("site_id", String(32), primary_key=True),
    Column("study_instance_uid", String(64), primary_key=True),
    Column("case_id", ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("modality", String(16), nullable=False),
    Column("first_received_at", Moment, nullable=False),
    Column("last_received_at", Moment, nullable=False),
    # Of what came from outside; the hub's own reports are not counted.
    Column("number_of_instances", Integer, nullable=False),
    # How many of them the last final report covers; NULL where none does.
    Column("number_of_instances_reported", Integer),
)

workitems = Table(
    "workitems",
    metadata,
    Column("workitem_uid", String(64), primary_key=True),
    Column("case_id", ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("procedure_step_state", String(16), nullable=False),
    Column("input_readiness_state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("due_from", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("claimed_by", String(26)),
    Column("claimed_by_name", String(200)),
    Column("claimed_at", Moment),
    Column("lease_expires_at", Moment),
    Column("number_of_instances_at_claim", Integer),
    Column("ended_at", Moment),
    Column("end_reason", String(16)),
    # Who ended it and why, where a person did and had to say so.
    Column("ended_by_name", String(200)),
    Column("end_note", Text),
    # Until when a case whose images are not good enough waits for better ones.
    Column("waits_until", Moment),
    Index("ix_workitems_claimed_by", "claimed_by"),
    Index("ix_workitems_state", "procedure_step_state", "input_readiness_state"),
)

requests = Table(
    "requests",
    metadata,
    Column("request_id", String(26), primary_key=True),
    Column("site_id", String(32), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("accession_number", String(64), nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("clinical_question", Text, nullable=False),
    Column("history", Text, nullable=False),
    Column("requested_by", String(64), nullable=False),
    Column("requested_at", Moment, nullable=False),
    # The case that was opened for the study which the request is about, also while that is read in another.
    Column("case_id", ForeignKey("cases.case_id")),
    Column("patient_id", String(64), nullable=False, server_default=""),
    Column("modality", String(16), nullable=False, server_default=""),
    Column("study_date", Date),
    Column("state", String(16), nullable=False, server_default="unmatched"),
    Column("matched_by", String(16)),
    Index("ix_requests_study", "site_id", "study_instance_uid"),
    Index("ix_requests_accession", "site_id", "accession_number"),
    Index("ix_requests_patient", "site_id", "patient_id"),
    Index("ix_requests_case", "case_id"),
    Index("ix_requests_state", "state", "site_id"),
)

# What people decided about cases and requests, and why; nothing here is ever changed.
case_acts = Table(
    "case_acts",
    metadata,
    Column("act_key", String(26), primary_key=True),
    Column("act", String(20), nullable=False),
    Column("site_id", String(32), nullable=False),
    Column("case_id", String(26), nullable=False),
    Column("other_case_id", String(26), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("request_id", String(26), nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_case_acts_case", "case_id"),
    Index("ix_case_acts_request", "request_id"),
)

# Cases that belong together though each is read on its own; a row for each direction.
related_cases = Table(
    "related_cases",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("other_case_id", ForeignKey("cases.case_id"), primary_key=True),
)

# When each account last saw the reading list.
list_views = Table(
    "list_views",
    metadata,
    Column("account_id", String(26), primary_key=True),
    Column("seen_at", Moment, nullable=False),
)

retakes = Table(
    "retakes",
    metadata,
    Column("retake_id", String(26), primary_key=True),
    Column("case_id", ForeignKey("cases.case_id"), nullable=False),
    Column("site_id", String(32), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("note", Text, nullable=False),
    # Which instances are meant; empty where the whole study is.
    Column("sop_instance_uids", JSON, nullable=False),
    Column("asked_by", String(26), nullable=False),
    Column("asked_by_name", String(200), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("acknowledged_by_name", String(200)),
    Column("acknowledged_at", Moment),
    Column("closed_by_name", String(200)),
    Column("closed_at", Moment),
    Column("answer", Text, nullable=False),
    Index("ix_retakes_case", "case_id", "state"),
    Index("ix_retakes_site", "site_id", "state", "asked_at"),
)
