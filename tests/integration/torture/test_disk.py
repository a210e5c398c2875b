"""The disk of the chaos tests loses what was not fsynced, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from torture.disk import EXT4, Disk


def test_what_was_not_fsynced_is_lost_when_the_power_is_cut(tmp_path: Path) -> None:
    data = tmp_path / "pg"
    data.mkdir()
    disk = Disk(data)
    disk.mount()
    try:
        if not disk.can_lose_power:
            # Where the machine does not allow it, the report says so.
            assert disk.why_not
            assert "ext4" not in str(disk).split("(")[0]
            return
        assert disk.kind == EXT4
        _write(data / "kept", "first", fsync=True)
        _write(data / "kept", "later", fsync=False)
        _write(data / "new", "never fsynced", fsync=False)

        disk.cut()
        with pytest.raises(OSError, match="Input/output error"):
            _write(data / "after", "the cut", fsync=True)

        assert disk.restore_power()
        assert (data / "kept").read_text() == "first"
        assert not (data / "new").exists()
        assert not (data / "after").exists()
    finally:
        disk.unmount()


def test_a_full_disk_takes_nothing_until_it_is_freed(tmp_path: Path) -> None:
    data = tmp_path / "pg"
    data.mkdir()
    disk = Disk(data)
    disk.mount()
    try:
        if not disk.can_be_full:
            assert disk.why_not
            return
        assert disk.fill()
        with pytest.raises(OSError, match="No space left"):
            _write(data / "more", "x" * 4_000_000, fsync=True)
        disk.free()
        _write(data / "more", "x" * 4_000_000, fsync=True)
    finally:
        disk.unmount()


def _write(file: Path, text: str, *, fsync: bool) -> None:
    """Write in place: a new file's name is fsynced with it."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, text.encode())
        if fsync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
