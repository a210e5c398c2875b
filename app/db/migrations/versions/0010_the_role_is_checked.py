"""A transaction can check that it has taken on its role, and that row-level security holds."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CHECK_ROLE = """
CREATE FUNCTION check_role(wanted text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> wanted OR NOT row_security_active('tenants') THEN
        RAISE EXCEPTION USING ERRCODE = 'SM001', MESSAGE = format(
            'a transaction of %s runs as %s, with the login %s, and row-level security is %s',
            wanted, current_user, session_user,
            CASE WHEN row_security_active('tenants') THEN 'on' ELSE 'off' END);
    END IF;
END $$;
"""


def upgrade() -> None:
    op.execute(CHECK_ROLE)
