"""The arguments of the command, and its help."""

from __future__ import annotations

import argparse

from smara._config import DEFAULT_TIMEOUT_SECONDS, VERSION

_DESCRIPTION = """\
Memory for AI agents, from the command line.

Reads SMARA_API_KEY and SMARA_API_URL (http://localhost:3010 if not set).
"""

_EXIT_CODES = """\
exit codes:
  0 done, 1 refused by the service, or a conversation ended dead or cancelled, 2 wrong usage,
  3 the service cannot be reached, 4 a conversation was not finished in time
"""

_INGEST = """\
Send conversations to be remembered. A FILE holds one of:
  - a JSON list of messages:       [{"role": "user", "content": "…"}, …]
  - one JSON message a line
  - one JSON conversation a line:  {"messages": […], "occurred_at": "…"}
  - a plain transcript:            lines of "Name: words"
- reads from standard input. Sending the same again with the same options changes nothing.
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="smara",
        description=_DESCRIPTION,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_common(None)],
    )
    parser.add_argument("--version", action="version", version=f"smara {VERSION}")
    verbs = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    store = _verb(verbs, "store", "Store one fact about a user.")
    store.add_argument("user", metavar="USER", help="whose memory it is")
    store.add_argument("fact", metavar="FACT", help='such as "Prefers tea over coffee"; - reads it')
    store.add_argument(
        "-i", "--importance", type=float, metavar="0..1", help="half-life in tens of days (0.5)"
    )
    _namespace(store)
    store.add_argument("--source", help="where it comes from (api)")

    search = _verb(verbs, "search", "Find the memories that best answer a question.")
    search.add_argument("user", metavar="USER", help="whose memories")
    search.add_argument("question", metavar="QUESTION", help="in words")
    search.add_argument("-k", "--limit", type=int, default=10, help="how many (10, at most 50)")
    _namespace(search)

    context = _verb(verbs, "context", "Print the block of text to paste into a prompt.")
    context.add_argument("user", metavar="USER", help="whose memories")
    context.add_argument(
        "question", metavar="MESSAGE", nargs="?", help="the message at hand; else the strongest"
    )
    context.add_argument("-n", "--top", type=int, default=5, help="how many (5, at most 20)")
    _namespace(context)

    listing = _verb(verbs, "list", "List a user's memories, newest first.")
    listing.add_argument("user", metavar="USER", help="whose memories")
    listing.add_argument("-k", "--limit", type=int, help="no more than so many")
    _namespace(listing)

    ingest = verbs.add_parser(
        "ingest",
        help="Send conversations to be remembered.",
        description=_INGEST,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_common(argparse.SUPPRESS)],
    )
    ingest.add_argument("files", metavar="FILE", nargs="+", help="a file, or - for standard input")
    ingest.add_argument("-u", "--user", required=True, metavar="USER", help="whose memories")
    ingest.add_argument(
        "--wait", action="store_true", help="until they are done; show the facts, and why not"
    )
    ingest.add_argument(
        "--wait-timeout", type=float, default=300.0, metavar="SECONDS", help="for all of it (300)"
    )
    ingest.add_argument(
        "--user-speaker", metavar="NAME", help="which of the speakers in the transcript is the user"
    )
    ingest.add_argument(
        "--transcript-format",
        choices=("auto", "plain"),
        help="plain: nobody is named in the transcript, all of it is the user's",
    )
    ingest.add_argument("--occurred-at", metavar="TIME", help="when the chat took place, ISO 8601")
    ingest.add_argument("--instructions", metavar="TEXT", help="what to remember or leave out")
    ingest.add_argument("--source", help="where it comes from (conversation)")
    _namespace(ingest)

    export = _verb(verbs, "export", "Write everything kept of a user, one JSON record a line.")
    export.add_argument("user", metavar="USER", help="whose records")
    export.add_argument("-o", "--output", metavar="FILE", help="instead of standard output")

    erase = _verb(verbs, "erase", "Erase everything kept of a user, for good.")
    erase.add_argument("user", metavar="USER", help="whose records")
    erase.add_argument("-y", "--yes", action="store_true", help="do not ask")

    _verb(verbs, "usage", "Show the plan and what of it is used.")
    return parser


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, says: str
) -> argparse.ArgumentParser:
    return verbs.add_parser(name, help=says, description=says, parents=[_common(argparse.SUPPRESS)])


def _common(default: str | None) -> argparse.ArgumentParser:
    """Add options that may stand before or after the command's name; after it they win."""
    common = argparse.ArgumentParser(add_help=False)
    group = common.add_argument_group("service")
    group.add_argument("--url", default=default, help="where the service is (SMARA_API_URL)")
    group.add_argument(
        "--api-key", default=default, metavar="KEY", help="as whom to call it (SMARA_API_KEY)"
    )
    group.add_argument(
        "--timeout",
        type=float,
        default=default or DEFAULT_TIMEOUT_SECONDS,
        metavar="SECONDS",
        help=f"for one attempt ({DEFAULT_TIMEOUT_SECONDS:g})",
    )
    group.add_argument(
        "--json", action="store_true", default=default or False, help="print JSON, for programs"
    )
    return common


def _namespace(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--namespace", metavar="NAME", help="a named part of the user's memories (default)"
    )
