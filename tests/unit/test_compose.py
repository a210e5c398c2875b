"""docker-compose.yml as Docker would read it: who knows which login."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

FILE = Path(__file__).parents[2] / "docker-compose.yml"
OURS = ("migrate", "api", "worker", "beat", "flower")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services, with no variable set."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", FILE.read_text())
    services: dict[str, Any] = yaml.safe_load(text)["services"]
    return services


@pytest.mark.parametrize("name", OURS)
def test_each_part_works_under_the_services_login(services: dict[str, Any], name: str) -> None:
    login = conninfo_to_dict(services[name]["environment"]["DATABASE_URL"])

    assert (login["user"], login["dbname"]) == ("smara_service", "smara")


def test_the_owners_login_is_for_migrate_alone(services: dict[str, Any]) -> None:
    knows = [name for name in OURS if "SMARA_OWNER_DATABASE_URL" in services[name]["environment"]]
    owner = services["postgres"]["environment"]
    address = conninfo_to_dict(services["migrate"]["environment"]["SMARA_OWNER_DATABASE_URL"])

    assert knows == ["migrate"]
    assert (address["user"], address["password"]) == (
        owner["POSTGRES_USER"],
        owner["POSTGRES_PASSWORD"],
    )
    for name in OURS[1:]:
        assert f":{owner['POSTGRES_PASSWORD']}@" not in str(services[name]["environment"])
