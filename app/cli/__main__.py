"""Run a command of smara-server. Only the module of the command that is run is imported, since a
process keeps what it imports."""

from __future__ import annotations

import sys
from importlib import import_module

import click
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.errors import DatabaseUnavailable, ServiceError

MODULES = {
    "up": "serving",
    "api": "serving",
    "worker": "serving",
    "beat": "serving",
    "migrate": "database",
    "tenants": "tenants",
    "keys": "keys",
    "replay": "database",
}
"""The commands in the order of the help text, and the module of this package that has each."""


class _Commands(click.Group):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of all commands."""
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give the command of this name, or None."""
        if cmd_name not in MODULES:
            return None
        module = import_module(f"app.cli.{MODULES[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="smara-server")
def cli() -> None:
    """The memory service for AI agents.

    `up` runs everything on this machine. In production run `api`, `worker` and `beat` each by
    itself, after `migrate`, with DATABASE_URL and REDIS_URL set.
    """


def _setting(location: tuple[int | str, ...]) -> str:
    """Give the name of the setting's variable; empty for a rule over several settings."""
    if not location:
        return ""
    name = str(location[0])
    return f"setting {name if name.isupper() else f'SMARA_{name.upper()}'}: "


def _sentence(problem: ErrorDetails) -> str:
    return problem["msg"].removeprefix("Value error, ")


def main() -> None:
    """Run the command; an error is printed as a sentence, not as a traceback."""
    try:
        cli()
    except DatabaseUnavailable as error:
        click.echo(f"smara-server: the database cannot be reached: {error.__cause__}", err=True)
        sys.exit(1)
    except ServiceError as error:
        click.echo(f"smara-server: {error}", err=True)
        sys.exit(1)
    except ValidationError as error:
        for problem in error.errors():
            click.echo(f"smara-server: {_setting(problem['loc'])}{_sentence(problem)}", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"smara-server: {error.strerror}: {error.filename}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
