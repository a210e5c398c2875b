"""Serve the API's own pages: /docs/ for people, /docs/openapi.yaml for tools. They load nothing
from other hosts."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from pathlib import Path
from typing import Any

import fastapi_offline
import yaml
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles

ASSETS = Path(fastapi_offline.__file__).parent / "static"

TAGS = [
    {
        "name": "conversations",
        "description": "Send chats; facts are drawn from them in the background.",
    },
    {"name": "recall", "description": "Search, and the block of text for a prompt."},
    {"name": "memories", "description": "Store facts directly; list, change and delete memories."},
    {"name": "people", "description": "Export or erase everything that is kept of a person."},
    {"name": "agents", "description": "Agents, each with memories that no other scope touches."},
    {"name": "skills", "description": "Descriptions that can be attached to agents."},
    {"name": "teams", "description": "Users who share memories."},
    {"name": "graph", "description": "Connections between memories."},
    {"name": "tools", "description": "Memory as functions for an LLM."},
    {"name": "account", "description": "The tenant's usage and settings."},
    {"name": "keys", "description": "API keys: key scopes, restrictions, rotation."},
    {
        "name": "webhooks",
        "description": "URLs that are called when something happens, and their deliveries.",
    },
    {"name": "setup", "description": "The first key."},
    {"name": "operations", "description": "Health checks, and the queue."},
]


def install(app: FastAPI) -> None:
    """Serve the pages, and describe in the schema how a caller authenticates."""
    app.openapi = lambda: _schema(app)  # type: ignore[method-assign]
    app.mount("/docs/assets", StaticFiles(directory=ASSETS), name="docs-assets")

    @lru_cache(maxsize=1)  # It takes half a second to write.
    def as_yaml() -> str:
        text: str = yaml.safe_dump(app.openapi(), sort_keys=False, allow_unicode=True)
        return text

    @app.get("/docs/openapi.yaml", include_in_schema=False)
    async def openapi_yaml() -> Response:
        text = await asyncio.to_thread(as_yaml)
        return Response(text, media_type="application/yaml")

    @app.get("/docs", include_in_schema=False)
    @app.get("/docs/", include_in_schema=False)
    async def page() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=f"{app.title}: reference",
            swagger_js_url="/docs/assets/swagger-ui-bundle.js",
            swagger_css_url="/docs/assets/swagger-ui.css",
            swagger_favicon_url="/docs/assets/favicon.png",
            swagger_ui_parameters={"persistAuthorization": True, "docExpansion": "none"},
        )


def _schema(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=TAGS,
        )
        app.openapi_schema = schema
    return app.openapi_schema
