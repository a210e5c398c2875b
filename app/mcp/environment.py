"""Read the environment of the stdio process.

That process runs beside an editor or a desktop app, where nothing of the server is installed. So it
has its own few variables, and reads them with the standard library alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from app.mcp.tools.tool import Defaults

DEFAULT_URL = "http://localhost:3010"


@dataclass(frozen=True, slots=True)
class Environment:
    """The address of the service, the API key, and the defaults of left-out arguments."""

    url: str
    api_key: str
    defaults: Defaults


def read_environment(variables: Mapping[str, str] = os.environ) -> Environment:
    """Read the SMARA_* variables. An empty one counts as not set."""

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
