"""The ``smara`` command."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from smara.cli import commands
from smara.cli.parser import build_parser
from smara.errors import APIConnectionError, AuthenticationError, ConversationFailed, SmaraError

REFUSED, WRONG_USAGE, UNREACHABLE, INTERRUPTED = 1, 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit code."""
    given = build_parser().parse_args(arguments)
    try:
        code = commands.run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `head` does. Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _failed("interrupted", INTERRUPTED)
    except APIConnectionError as error:
        hint = "Is the service running? --url or SMARA_API_URL says where it is."
        return _failed(f"{error}\n{hint}", UNREACHABLE)
    except AuthenticationError as error:
        return _failed(f"{error}\nSet SMARA_API_KEY to a key of the service.", REFUSED)
    except ConversationFailed as error:
        return _failed(str(error), REFUSED)
    except SmaraError as error:
        return _failed(str(error), REFUSED)
    except (ValueError, OSError) as error:
        return _failed(str(error), WRONG_USAGE)
    return code


def _failed(message: str, code: int) -> int:
    print(f"smara: {message}", file=sys.stderr)
    return code


__all__ = ["main"]
