"""Requests matched by patient, and by people.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

import database.schema

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# What is matched so far was so by its study or its accession number.
FILL = """
UPDATE requests SET state = 'matched',
    matched_by = CASE WHEN study_instance_uid = '' THEN 'accession' ELSE 'study' END
WHERE case_id IS NOT NULL
"""
# A request that stays has raised the urgency from when it was made.
SINCE = """
UPDATE cases SET {column} = (SELECT min(requests.requested_at) FROM requests
    WHERE requests.case_id = cases.case_id AND requests.urgency IN ({levels}))
WHERE urgency IN ({levels})
"""


def upgrade() -> None:
    """Requests matched by patient, and by people."""
    op.create_table(
        "case_acts",
        sa.Column("act_key", sa.String(length=26), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("site_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("other_case_id", sa.String(length=26), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=26), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("at", database.schema.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("act_key", name=op.f("pk_case_acts")),
    )
    op.create_index("ix_case_acts_case", "case_acts", ["case_id"])
    op.create_index("ix_case_acts_request", "case_acts", ["request_id"])
    op.create_table(
        "related_cases",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("other_case_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_related_cases_case_id")),
        sa.ForeignKeyConstraint(
            ["other_case_id"], ["cases.case_id"], name=op.f("fk_related_cases_other_case_id")
        ),
        sa.PrimaryKeyConstraint("case_id", "other_case_id", name=op.f("pk_related_cases")),
    )
    for column in ("urgent_since", "emergency_since"):
        op.add_column("cases", sa.Column(column, database.schema.Moment(timezone=True), nullable=True))
    for column, length in (("patient_id", 64), ("modality", 16)):
        added = sa.Column(column, sa.String(length=length), server_default="", nullable=False)
        op.add_column("requests", added)
    op.add_column("requests", sa.Column("study_date", sa.Date(), nullable=True))
    op.add_column(
        "requests", sa.Column("state", sa.String(length=16), server_default="unmatched", nullable=False)
    )
    op.add_column("requests", sa.Column("matched_by", sa.String(length=16), nullable=True))
    op.create_index("ix_requests_patient", "requests", ["site_id", "patient_id"])
    op.create_index("ix_requests_case", "requests", ["case_id"])
    op.create_index("ix_requests_state", "requests", ["state", "site_id"])
    op.execute(FILL)
    op.execute(SINCE.format(column="urgent_since", levels="'urgent', 'emergency'"))
    op.execute(SINCE.format(column="emergency_since", levels="'emergency'"))
