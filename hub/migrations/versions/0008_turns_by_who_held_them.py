"""Turns by who held them.

Revision: 0008, after 0007.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Turns by who held them."""
    op.create_index(op.f("ix_workitems_claimed_by"), "workitems", ["claimed_by"])
