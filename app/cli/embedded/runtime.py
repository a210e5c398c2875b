"""Choose where sockets go: the path of a Unix socket may have 107 bytes, and that of a data folder
may be longer."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from app.errors import ServiceError

LONGEST_FOLDER = 80


def place_of_sockets(data_dir: Path, user: int) -> Path:
    """Give the folder of the sockets of an `up` that ``user`` runs on ``data_dir``; it may not
    exist."""
    folder = data_dir / "run"
    if len(os.fsencode(folder)) > LONGEST_FOLDER:
        digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"smara-{user}-{digest}"
    return folder


def socket_folder(data_dir: Path) -> Path:
    """Create a folder for sockets that only this user can enter: in the data folder, or under the
    temporary one if the path is too long."""
    folder = place_of_sockets(data_dir, os.getuid())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise ServiceError(
            f"{folder} belongs to somebody else; remove it or choose another data folder."
        )
    folder.chmod(0o700)
    return folder
