"""Studies of a case.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

import database.schema

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Each case so far has one study; what its last final report covers is what had arrived when it was signed.
FILL = """
INSERT INTO case_studies (site_id, study_instance_uid, case_id, modality, first_received_at,
    last_received_at, number_of_instances, number_of_instances_reported)
SELECT site_id, study_instance_uid, case_id, modality, first_received_at, last_received_at,
    number_of_instances,
    CASE WHEN EXISTS (SELECT 1 FROM reports WHERE reports.case_id = cases.case_id AND status = 'final')
    THEN (SELECT count(*) FROM instances
        WHERE instances.site_id = cases.site_id
        AND instances.study_instance_uid = cases.study_instance_uid
        AND instances.origin_kind NOT IN ('hub', 'self-test')
        AND instances.received_at <= (SELECT max(signed_at) FROM reports
            WHERE reports.case_id = cases.case_id AND status = 'final'))
    END
FROM cases
"""


def upgrade() -> None:
    """Studies of a case."""
    op.create_table(
        "case_studies",
        sa.Column("site_id", sa.String(length=32), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("modality", sa.String(length=16), nullable=False),
        sa.Column("first_received_at", database.schema.Moment(timezone=True), nullable=False),
        sa.Column("last_received_at", database.schema.Moment(timezone=True), nullable=False),
        sa.Column("number_of_instances", sa.Integer(), nullable=False),
        sa.Column("number_of_instances_reported", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_case_studies_case_id")),
        sa.PrimaryKeyConstraint("site_id", "study_instance_uid", name=op.f("pk_case_studies")),
    )
    op.create_index(op.f("ix_case_studies_case_id"), "case_studies", ["case_id"])
    op.execute(FILL)
    # Not in batch mode, which would drop a table that others refer to.
    op.add_column("cases", sa.Column("linked_into", sa.String(length=26), nullable=True))
    op.create_index(op.f("ix_cases_linked_into"), "cases", ["linked_into"])
    op.drop_column("cases", "last_received_at")
    op.drop_column("cases", "number_of_instances")
    op.add_column("workitems", sa.Column("number_of_instances_at_claim", sa.Integer(), nullable=True))
