"""What is done with a key stays within its reach: invitations note their key."""

from __future__ import annotations

from alembic import op

revision = "schema_0004"
down_revision = "schema_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Without a default, so that no row is rewritten, and whoever runs the code before this one
    # need not know of it.
    op.execute("ALTER TABLE invitations ADD COLUMN key_id uuid")
