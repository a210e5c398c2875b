"""The environment of the stdio process.

It is a program of its own, which runs beside an editor or a desktop app with nothing of the
server installed, so it has its own few variables and needs no more than the standard library to
read them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from app.mcp.tools.tool import Defaults

DEFAULT_URL = "http://localhost:3010"


@dataclass(frozen=True, slots=True)
class Environment:
    """Where the service is, the key for it, and what fills in left-out arguments."""

    url: str
    api_key: str
    defaults: Defaults


def read_environment(variables: Mapping[str, str] = os.environ) -> Environment:
    """What SMARA_* say. An empty variable counts as not given."""

    def given(name: str, default: str = "") -> str:
        return variables.get(name, "").strip() or default

    return Environment(
        url=given("SMARA_API_URL", DEFAULT_URL).rstrip("/"),
        api_key=given("SMARA_API_KEY"),
        defaults=Defaults(
            source=given("SMARA_SOURCE", "mcp"),
            namespace=given("SMARA_NAMESPACE", "default"),
            team_id=given("SMARA_TEAM_ID"),
            user_id=given("SMARA_USER_ID"),
        ),
    )
