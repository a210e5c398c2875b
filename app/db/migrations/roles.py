"""The two roles that transactions run under, and what each may see: SQL for the revisions.

``smara_app`` reads and writes the rows of the tenant that the transaction is for; ``smara_system``
sees every tenant, but only the columns it is given. Neither can log in, owns a table or passes by a
policy.
"""

from __future__ import annotations

ROLES = ("smara_app", "smara_system")

CREATE_ROLES = "\n".join(
    f"""
DO $do$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- Another database of this server is being migrated at the same time.
END $do$;
DO $do$ BEGIN
    IF NOT pg_has_role(current_user, '{role}', 'MEMBER') THEN
        EXECUTE 'GRANT {role} TO CURRENT_USER' || CASE
            WHEN current_setting('server_version_num')::int < 160000 THEN ''
            ELSE ' WITH INHERIT FALSE' END;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO {role}', current_schema());
END $do$;
"""
    for role in ROLES
)

_OF_THE_TENANT = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
"""After a transaction that set it the setting is '', not NULL; without a tenant nothing is seen."""


def seal(table: str) -> str:
    """Shut a table but for the rows of the transaction's tenant, its owner included."""
    return f"""
    ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY of_the_tenant ON {table} TO smara_app USING ({_OF_THE_TENANT});
    GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO smara_app;
    """


def open_to_system(table: str, *privileges: str) -> str:
    """Let the system see every tenant's rows of a sealed table, within these privileges."""
    return f"""
    CREATE POLICY of_the_system ON {table} TO smara_system USING (true);
    GRANT {", ".join(privileges)} ON {table} TO smara_system;
    """
