"""Turns by who held them.

Revision: 0009, after 0008.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Turns by who held them."""
    op.create_index(op.f("ix_workitems_claimed_by"), "workitems", ["claimed_by"])
