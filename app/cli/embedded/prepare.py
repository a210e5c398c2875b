"""Bring the database up to date, build the model and create the first key, in a process that ends:
what this imports and loads would otherwise stay in the supervisor's memory.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from app.cli.embedded import early
from app.errors import DatabaseUnavailable, ServiceError
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is ready. ``serving_address`` is the database's for the parts that serve tenants,
    ``missing_keys`` names the setting that replaces each model of demo quality; ``key_file`` is
    None when the first key was issued elsewhere."""

    serving_address: str
    extraction_model: str
    embedding_model: str
    missing_keys: Mapping[str, str]
    key_file: str | None
    key_is_new: bool


class Preparation:
    """Prepares in a process of its own, which is begun before its settings are known."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def begin(cls) -> Preparation:
        """Start the process; it imports meanwhile."""
        return cls(
            await asyncio.create_subprocess_exec(
                *early.command("prepare"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is the supervisor's.
            )
        )

    async def prepared(self, env: Mapping[str, str]) -> Prepared:
        """Prepare under the settings of ``env``, over those of this process. Raises ServiceError
        with what to do."""
        said, _ = await self._process.communicate(json.dumps(dict(env)).encode())
        if self._process.returncode != 0:
            raise ServiceError(said.decode() or "The database could not be prepared.")
        return Prepared(**json.loads(said))

    async def end(self) -> None:
        """Kill the process, if it runs still."""
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


async def _prepare(settings: Settings) -> Prepared:
    from app.providers.registry import build
    from app.tenancy import bootstrap

    providers = build(settings)
    embedder = providers.embedder
    serving = await asyncio.to_thread(
        _prepare_database, settings, embedder.model, embedder.dimension
    )
    missing = {}
    if not providers.paid_embedder:
        missing["embedder"] = "VOYAGE_API_KEY"
        await embedder.embed_query("Build the model once, before several processes want it.")
    if not providers.paid_extractor:
        missing["extractor"] = "ANTHROPIC_API_KEY"
    key_file, is_new = await bootstrap.first_key(
        settings.model_copy(update={"database_url": serving})
    )
    return Prepared(
        serving,
        providers.extraction_model,
        embedder.model,
        missing,
        None if key_file is None else str(key_file),
        is_new,
    )


def _prepare_database(settings: Settings, model: str, dimension: int) -> str:
    """Bring the database up to date; gives the address to serve by."""
    from app.db.logins import refuse_at_start
    from app.db.migrate import bind_embedding_model, migrate
    from app.db.service_login import make_given, serving_address

    given, owner = settings.database_url, settings.owner_database_url
    assert given is not None
    migrate(owner or given)
    bind_embedding_model(owner or given, model, dimension)
    if owner is None:
        return serving_address(given)
    make_given(owner, given)
    refuse_at_start(given)
    return given


def main() -> None:
    """Prepare with the settings of the environment; says what was prepared as JSON, or what is in
    the way as a sentence and exit code 1."""
    from app import logs
    from app.startup import runtime

    settings = runtime().settings
    logs.configure(settings)
    try:
        print(json.dumps(asdict(asyncio.run(_prepare(settings)))), end="")
    except DatabaseUnavailable as error:
        print(f"The database cannot be reached: {error.__cause__}", end="")
        sys.exit(1)
    except ServiceError as error:
        print(error, end="")
        sys.exit(1)
