"""The statement that every transaction begins with: its role, its tenant and its time limits.

All of it holds for the transaction alone. A pooler hands the connection to somebody else after it,
and none promises to pass on what is asked for at its start; PgBouncer refuses to, or drops it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import psycopg

from app.errors import ServiceError
from app.logs import log
from app.settings import Settings

APP_ROLE = "smara_app"
"""Owns nothing and cannot pass by the policies, whoever logs in."""

SYSTEM_ROLE = "smara_system"

NOT_TAKEN_ON = "SM001"
"""The SQLSTATE that the function check_role raises."""


class RoleNotTakenOn(ServiceError):
    """A transaction did not run as it was to; it ended before it read or wrote anything."""

    code = "role_not_taken_on"


@dataclass(frozen=True, slots=True)
class Entries:
    """The first statements of the three kinds of transaction. Those of a tenant take its id."""

    of_a_tenant: str
    of_a_reader: str
    of_the_system: str

    @classmethod
    def under(cls, settings: Settings) -> Entries:
        """The statements for these settings. They are constant, so that they can be prepared.

        One round trip with all of it takes 0.47 ms, with the tenant alone 0.43 ms. Half of the rest
        is the check; as a statement of its own it would take 0.09 ms.
        """
        limits = _limits(settings)
        return cls(
            of_a_tenant=_statement(APP_ROLE, {"app.tenant": "%s", **limits}),
            of_a_reader=_statement(
                APP_ROLE, {"app.tenant": "%s", "transaction_read_only": "'on'", **limits}
            ),
            of_the_system=_statement(SYSTEM_ROLE, limits),
        )


def refuse(error: psycopg.Error) -> NoReturn:
    """Raise RoleNotTakenOn for what check_role found, and anything else as it is."""
    if error.sqlstate != NOT_TAKEN_ON:
        raise error
    log.error("role_not_taken_on", found=error.diag.message_primary)
    raise RoleNotTakenOn(
        "The database did not take on the service's role; the service's log says more."
    ) from error


def _limits(settings: Settings) -> dict[str, str]:
    milliseconds = int(settings.statement_timeout_seconds * 1000)
    # Vectors are read from memory, and no statement here is long enough to repay a JIT compile or a
    # parallel worker.
    return {
        "statement_timeout": f"'{milliseconds}'",
        "lock_timeout": f"'{milliseconds // 2}'",
        "idle_in_transaction_session_timeout": f"'{milliseconds}'",
        "random_page_cost": "'1.1'",
        "jit": "'off'",
        "max_parallel_workers_per_gather": "'0'",
        "TimeZone": "'UTC'",
        # In a pipeline Postgres takes an idle transaction for one at work, so that only this limit
        # holds for it. An older server than 17 has none: app/db/overdue.py.
        "transaction_timeout": f"'{int(settings.longest_transaction_seconds * 1000)}'",
    }


_SINCE_17 = "transaction_timeout"


def _statement(role: str, values: dict[str, str]) -> str:
    """Postgres evaluates a row from left to right: the role comes first, then its check."""
    settings = ", ".join(_set(name, value) for name, value in values.items())
    return f"SELECT set_config('role', '{role}', true), check_role('{role}'), {settings}"


def _set(name: str, value: str) -> str:
    done = f"set_config('{name}', {value}, true)"
    if name != _SINCE_17:
        return done
    return f"CASE WHEN current_setting('{name}', true) IS NOT NULL THEN {done} END"
