"""The address of the service and the keys, for the examples."""

from __future__ import annotations

import os
import sys

HOW = """\
This example talks to a running memory service, and SMARA_API_KEY is not set.

  make up                                      # in one terminal: the service, on this machine
  export SMARA_API_KEY=$(cat .data/api_key)    # in another: the key that its first start made

SMARA_API_URL says where the service is, if not at http://localhost:3010.
"""


def require(*names: str) -> None:
    """End the program with advice unless SMARA_API_KEY, and each of ``names``, is set."""
    if not os.environ.get("SMARA_API_KEY", "").strip():
        sys.exit(HOW)
    missing = [name for name in names if not os.environ.get(name, "").strip()]
    if missing:
        sys.exit(f"This example also needs {' and '.join(missing)} in the environment.")


def url() -> str:
    """Give the service's address, for the examples that use plain HTTP."""
    return (os.environ.get("SMARA_API_URL", "").strip() or "http://localhost:3010").rstrip("/")
