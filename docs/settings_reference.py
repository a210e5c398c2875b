"""The reference of the service's variables, written from its settings:
python docs/settings_reference.py"""

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

Every setting of the service is an environment variable; an empty one counts as not given. The names
without a prefix are those that people already have. A value that is out of its range, or clocks
that are out of order, are refused at the start, in a sentence.

What a tenant may tune for its own memories (weights, half-life, bands) is not here but in
[tuning](../how-to/tuning.md).
"""

SAYS = {
    "database_url": "Postgres with pgvector. `up` brings its own without it.",
    "redis_url": "The queue. `up` brings its own without it.",
    "data_dir": "Embedded servers, the first API key, the local model's file.",
    "host": "The address to listen on.",
    "port": "The port of the API.",
    "anthropic_api_key": "Reads chats with Claude; without it the rules do.",
    "anthropic_base_url": "A gateway instead of Anthropic's own address.",
    "extraction_model": "Which Claude reads.",
    "extraction_max_tokens": "The longest answer of one call; a truncated one is never used.",
    "extraction_timeout_seconds": "One call, from start to end.",
    "window_max_chars": "A longer transcript is read in parts of at most this many characters.",
    "window_overlap_messages": "How many messages a part shares with the one before.",
    "voyage_api_key": "Embeds with Voyage; without it the local MiniLM does.",
    "voyage_base_url": "A gateway instead of Voyage's own address.",
    "embedding_model": "Which Voyage model embeds; its default if not given.",
    "embedding_timeout_seconds": "One call for facts that are stored.",
    "query_embedding_timeout_seconds": "One call for a question; after it, its words are searched "
    "and the answer says `degraded`.",
    "query_cache_entries": "How many questions' vectors each API process keeps.",
    "extraction_input_usd": "A million tokens in.",
    "extraction_output_usd": "A million tokens out.",
    "extraction_cache_read_usd": "A million tokens read from the prompt cache.",
    "extraction_cache_write_usd": "A million tokens written to the prompt cache.",
    "embedding_usd": "A million tokens embedded.",
    "duplicate_similarity": "From this similarity on two facts are the same.",
    "contradiction_similarity": "From this one on the newer fact replaces the older.",
    "max_body_bytes": "The largest request.",
    "max_in_flight_per_tenant": "Conversations of one tenant under way at once.",
    "worker_processes": "Processes of one worker.",
    "worker_in_flight": "Conversations that one process works on at once.",
    "conversation_timeout_seconds": "One run of a conversation.",
    "claim_window_seconds": "How long one task goes on taking up new conversations.",
    "soft_time_limit_seconds": "After this a task is asked to end.",
    "hard_time_limit_seconds": "After this its process is ended.",
    "lease_seconds": "How long a dead worker's conversation waits before another takes it up.",
    "rescue_seconds": "How often beat rings for what is due.",
    "max_attempts": "Attempts before a conversation is `dead`.",
    "max_crashes": "Crashes of its process before a conversation is `dead`.",
    "retry_base_seconds": "The first pause between two attempts; it doubles, with jitter.",
    "retry_cap_seconds": "The longest pause.",
    "pool_size": "Database connections of one API process.",
    "pool_timeout_seconds": "How long a request waits for a connection before it gets a 503.",
    "statement_timeout_seconds": "The longest that one statement may take.",
    "log_format": "`console` for people, `json` for collectors.",
    "log_level": "The least that is logged.",
}
"""For the settings whose field has no description of its own."""

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
    """The page: a section for each group of settings, as the class has them."""
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
    """The settings under the comments that head them in the class, in order."""
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
    """The environment variable of a setting."""
    alias = Settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"SMARA_{name.upper()}"


def says(name: str) -> str:
    """What a setting is for. Raises KeyError for one that nobody has described."""
    field = Settings.model_fields[name]
    return (field.description or SAYS[name]).replace("|", "\\|")


def unit(name: str) -> str:
    """The unit that its name ends in."""
    return next((unit for ending, unit in UNITS.items() if name.endswith(ending)), "")


def default(field: FieldInfo) -> str:
    """The default as the environment would have it; empty when there is none."""
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
    """The first sentence of a comment, as a heading."""
    return re.split(r"[.;:](?:\s|$)", comment or "General")[0].strip()


if __name__ == "__main__":
    print(write())
