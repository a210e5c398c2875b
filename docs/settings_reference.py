"""Write the reference of the service's variables from its settings: python
docs/settings_reference.py"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from app.settings import Settings

FILE = Path(__file__).parent / "reference" / "settings.md"

HEAD = """\
# Settings

Every setting is an environment variable; an empty one counts as not set. The names without a prefix
are those that people already use. The service refuses to start, and says why, when a value is out
of its range or the time limits are out of order.

What a tenant may tune for its own memories (weights, half-life, bands) is not here but in
[Tuning](../how-to/tuning.md).
"""

SAYS = {
    "database_url": "Postgres with pgvector. Without it `up` starts its own.",
    "redis_url": "The queue. Without it `up` starts its own.",
    "data_dir": "The folder for embedded servers, the first API key and the built-in model.",
    "host": "The address to listen on.",
    "port": "The port of the API.",
    "anthropic_api_key": "Read chats with Claude instead of the built-in extractor.",
    "anthropic_base_url": "The address of a gateway, instead of Anthropic's.",
    "extraction_model": "The Claude model that reads chats.",
    "extraction_max_tokens": "The longest answer of one call. A truncated answer is never used.",
    "extraction_timeout_seconds": "The deadline of one extraction call.",
    "window_max_chars": "A longer transcript is split into windows of at most this size.",
    "window_overlap_messages": "How many messages a window shares with the one before.",
    "voyage_api_key": "Embed with Voyage instead of the built-in model.",
    "voyage_base_url": "The address of a gateway, instead of Voyage's.",
    "embedding_model": "The Voyage model that embeds; Voyage's default if not set.",
    "embedding_timeout_seconds": "The deadline of one embedding call for facts.",
    "query_embedding_timeout_seconds": "The deadline for embedding a question. After it, the words "
    "of the question are searched, and the answer says `degraded`.",
    "query_cache_entries": "How many vectors of questions each API process keeps.",
    "extraction_input_usd": "A million input tokens.",
    "extraction_output_usd": "A million output tokens.",
    "extraction_cache_read_usd": "A million tokens read from the prompt cache.",
    "extraction_cache_write_usd": "A million tokens written to the prompt cache.",
    "embedding_usd": "A million tokens embedded.",
    "duplicate_similarity": "From this similarity on, a fact is a duplicate.",
    "contradiction_similarity": "From this similarity on, the newer fact replaces the older one.",
    "max_body_bytes": "The largest request.",
    "max_in_flight_per_tenant": "How many conversations of one tenant are processed at the same "
    "time.",
    "worker_processes": "Processes of one worker.",
    "worker_in_flight": "How many conversations one process works on at the same time. Unset: "
    "8 with the built-in extractor; with Claude up to 128, since most of them wait for its answer,"
    " and as many as the provider's own limits leave.",
    "conversation_timeout_seconds": "The deadline of one attempt at a conversation.",
    "claim_window_seconds": "How long one task goes on claiming conversations.",
    "soft_time_limit_seconds": "After this a task is asked to end.",
    "hard_time_limit_seconds": "After this the process of the task is killed.",
    "lease_seconds": "How long a dead worker's conversation waits before another worker claims it.",
    "rescue_seconds": "How often the scheduler wakes workers for due work.",
    "max_attempts": "Attempts before a conversation is `dead`.",
    "max_crashes": "Crashes of its process before a conversation is `dead`.",
    "retry_base_seconds": "The first pause between two attempts; it doubles, with jitter.",
    "retry_cap_seconds": "The longest pause between two attempts.",
    "pool_size": "Database connections of one API process.",
    "pool_timeout_seconds": "How long a request waits for a connection before it gets 503.",
    "statement_timeout_seconds": "The deadline of one statement.",
    "log_format": "`console` for people, `json` for collectors.",
    "log_level": "The lowest level that is logged.",
}
"""For settings whose field has no description of its own."""

INTERNAL = {"crash_dir", "embedded_parts"}
"""Set by tests and by `up`, never by an operator."""

UNITS = {
    "_seconds": "s",
    "_days": "days",
    "_bytes": "bytes",
    "_usd": "US dollars",
    "_chars": "characters",
}


def write(file: Path = FILE) -> Path:
    """Write the page."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = page()
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
    return file


def page() -> str:
    """Build the page: a section for each group of settings, as the class has them."""
    lines = [HEAD]
    for title, names in groups():
        lines += [f"## {title}", "", "| variable | default | |", "|---|---|---|"]
        for name in names:
            field = Settings.model_fields[name]
            value = f"{default(field)} {unit(name)}" if default(field) else ""
            cells = (f"`{variable(name)}`", value.strip(), says(name))
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def groups() -> list[tuple[str, list[str]]]:
    """Give the settings under the comments that head them in the class, in order."""
    found: list[tuple[str, list[str]]] = []
    comment: list[str] = []
    for line in inspect.getsource(Settings).splitlines():
        if line.startswith("    # "):
            comment.append(line.strip("# "))
            continue
        field = re.match(r"    (\w+): ", line)
        if field and field[1] in INTERNAL:
            comment = []
        elif field and field[1] in Settings.model_fields:
            if comment or not found:
                found.append((_title(" ".join(comment)), []))
                comment = []
            found[-1][1].append(field[1])
    return found


def variable(name: str) -> str:
    """Give the environment variable of a setting."""
    alias = Settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"SMARA_{name.upper()}"


def says(name: str) -> str:
    """Describe a setting. Raises KeyError for one that nobody has described."""
    field = Settings.model_fields[name]
    return (field.description or SAYS[name]).replace("|", "\\|")


def unit(name: str) -> str:
    """Give the unit that its name ends in."""
    return next((unit for ending, unit in UNITS.items() if name.endswith(ending)), "")


def default(field: FieldInfo) -> str:
    """Give the default as the environment would have it; empty when there is none."""
    value: Any = field.default
    if value is None or value is PydanticUndefined or value in ("", []):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        return ", ".join(f"`{name}`" for name in value)
    if isinstance(value, float):
        return f"`{value:g}`"
    return f"`{value}`"


def _title(comment: str) -> str:
    """Give the first sentence of a comment, as a heading."""
    return re.split(r"[.;:](?:\s|$)", comment or "General")[0].strip()


if __name__ == "__main__":
    print(write())
