"""What Postgres' catalogue says of a database: every column, key, index, policy and grant."""

from __future__ import annotations

import psycopg

Catalog = dict[str, list[tuple[object, ...]]]

OURS = "relnamespace = current_schema()::regnamespace AND relname <> 'alembic_version'"

QUESTIONS = {
    "tables": f"""
        SELECT relname, reloptions, relrowsecurity, relforcerowsecurity
        FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm') AND {OURS}
    """,
    "columns": f"""
        SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, attstorage::text,
               attgenerated::text, pg_get_expr(adbin, adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
        LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum
        WHERE relkind = 'r' AND attnum > 0 AND NOT attisdropped AND {OURS}
    """,
    "constraints": f"""
        SELECT relname, conname, contype::text, pg_get_constraintdef(o.oid)
        FROM pg_constraint o JOIN pg_class c ON c.oid = conrelid WHERE {OURS}
    """,
    "indexes": f"""
        SELECT c.relname, pg_get_indexdef(indexrelid), i.reloptions
        FROM pg_index JOIN pg_class c ON c.oid = indrelid JOIN pg_class i ON i.oid = indexrelid
        WHERE c.{OURS.replace(" relname", " c.relname")}
    """,
    "policies": f"""
        SELECT relname, polname, polcmd::text, polpermissive, polroles::regrole[]::text[],
               pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
        FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE {OURS}
    """,
    "grants on tables": f"""
        SELECT relname, grantee::regrole::text, privilege_type, is_grantable
        FROM pg_class CROSS JOIN LATERAL aclexplode(relacl)
        WHERE grantee <> relowner AND {OURS}
    """,
    "grants on columns": f"""
        SELECT relname, attname, grantee::regrole::text, privilege_type, is_grantable
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
        CROSS JOIN LATERAL aclexplode(attacl) WHERE {OURS}
    """,
    "functions": """
        SELECT proname, pg_get_functiondef(p.oid), proacl::text FROM pg_proc p
        WHERE pronamespace = current_schema()::regnamespace AND NOT EXISTS (
            SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
    """,
    "triggers": f"""
        SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE NOT tgisinternal AND {OURS}
    """,
    "extensions": "SELECT extname FROM pg_extension",
}


def read_catalog(database_url: str) -> Catalog:
    """Read all of it, sorted: the order in which columns were added is left out."""
    with psycopg.connect(database_url) as connection:
        return {
            kind: sorted(connection.execute(question).fetchall(), key=repr)
            for kind, question in QUESTIONS.items()
        }


def differences(one: Catalog, other: Catalog) -> list[str]:
    """What only one of the two has, a line each."""
    return [
        f"{kind}: {sign} {row}"
        for kind in QUESTIONS
        for sign, rows, against in (("-", one, other), ("+", other, one))
        for row in rows[kind]
        if row not in against[kind]
    ]
