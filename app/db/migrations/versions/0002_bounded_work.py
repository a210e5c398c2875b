"""What hostile and unlucky input asks of the schema: a key may be left without users, if it is
revoked, and all claims of a conversation are counted."""

from __future__ import annotations

from alembic import op

revision = "schema_0002"
down_revision = "schema_0001"
branch_labels = None
depends_on = None

KEYS = """
ALTER TABLE api_keys
    DROP CONSTRAINT api_keys_users_check,
    ADD CONSTRAINT api_keys_users_check
        CHECK (cardinality(users) > 0 OR revoked_at IS NOT NULL) NOT VALID;
ALTER TABLE api_keys VALIDATE CONSTRAINT api_keys_users_check;
"""


CLAIMS = """
ALTER TABLE conversations ADD COLUMN claims int NOT NULL DEFAULT 0;
GRANT SELECT (claims), UPDATE (claims) ON conversations TO smara_system;
"""


def upgrade() -> None:
    op.execute(KEYS)
    op.execute(CLAIMS)
