"""docker-compose.yml as Docker would read it: who knows which login, and which doors are shut."""

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
    knows = [name for name in OURS if services[name]["environment"]["SMARA_OWNER_DATABASE_URL"]]
    owner = services["postgres"]["environment"]
    address = conninfo_to_dict(services["migrate"]["environment"]["SMARA_OWNER_DATABASE_URL"])

    assert knows == ["migrate"]
    assert (address["user"], address["password"]) == (
        owner["POSTGRES_USER"],
        owner["POSTGRES_PASSWORD"],
    )
    for name in OURS[1:]:
        assert f":{owner['POSTGRES_PASSWORD']}@" not in str(services[name]["environment"])
    # Said for each, since they would have it of .env otherwise.
    assert {services[name]["environment"]["POSTGRES_PASSWORD"] for name in OURS} == {""}


@pytest.mark.parametrize("name", OURS)
def test_each_part_has_the_settings_of_dotenv_if_there_is_one(
    services: dict[str, Any], name: str
) -> None:
    assert services[name]["env_file"] == [{"path": ".env", "required": False}]
    assert {"SETUP_SECRET", "SMARA_METRICS_TOKEN"} <= services[name]["environment"].keys()


def test_what_dotenv_says_of_ports_and_folders_is_not_the_containers(
    services: dict[str, Any],
) -> None:
    """SMARA_PORT is there for the port of this machine."""
    environment = services["api"]["environment"]

    assert (environment["PORT"], environment["SMARA_DATA_DIR"]) == ("3010", "/data")


def test_only_the_proxy_and_flower_are_published(services: dict[str, Any]) -> None:
    published = {name: part["ports"] for name, part in services.items() if "ports" in part}

    assert published == {"proxy": ["3010:3010"], "flower": ["127.0.0.1:5555:5555"]}


def test_the_proxy_opens_setup_only_with_a_secret_and_metrics_never() -> None:
    compose = yaml.safe_load(FILE.read_text())["services"]["proxy"]
    assert compose["environment"]["SMARA_SETUP_OPEN"] == "${SETUP_SECRET:+yes}"
    assert "SETUP_SECRET" not in compose["environment"]

    site = (FILE.parent / "deploy" / "Caddyfile").read_text().partition("{$SMARA_SITE")[2]

    assert "@metrics path /metrics /metrics/*" in site
    assert "respond @metrics 404" in site
    setup = site.partition("@setup {")[2].partition("}\n")[0]
    assert "path /setup /setup/*" in setup
    assert 'expression `"{$SMARA_SETUP_OPEN}" != "yes"`' in site
    assert "respond @setup 404" in site
    assert site.index("respond @setup 404") < site.index("reverse_proxy api:3010")


def test_the_example_of_dotenv_names_what_shuts_the_doors() -> None:
    named = re.findall(r"^(\w+)=", (FILE.parent / ".env.example").read_text(), re.MULTILINE)

    assert {"SETUP_SECRET", "SMARA_METRICS_TOKEN"} <= set(named)
