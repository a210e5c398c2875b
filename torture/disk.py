"""The database's disk: one that can be made full, and whose power can be cut."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped,unused-ignore]

from torture.keeper import Unit

SIZE_MB = 4096
"""Only what is used takes memory."""
_SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN, as in <linux/ext4.h>: from here on nothing reaches the device any more."""
_WITHOUT_FLUSHING = 2
"""EXT4_GOING_FLAGS_NOLOGFLUSH: not even the journal, so what was not fsynced is lost."""

OWN, TMPFS, EXT4 = "the machine's own", "a tmpfs", "ext4 on a loop device"


class Disk:
    """A file system of its own under ``data``, as far as the machine allows it: ext4 on a loop
    device, whose power can be cut; else a tmpfs, which can only be made full; else the machine's
    own, and nothing of that. ``why_not`` says what is missing."""

    def __init__(self, data: Path) -> None:
        self._data, self._below = data, data.with_name(f"{data.name}-disk")
        self.kind, self.why_not = OWN, ""

    def __str__(self) -> str:
        size = "" if self.kind == OWN else f", {SIZE_MB} MB"
        return f"{self.kind}{size}{f' ({self.why_not})' if self.why_not else ''}"

    @property
    def can_be_full(self) -> bool:
        """Whether it can be filled up without filling up the machine's."""
        return self.kind != OWN

    @property
    def can_lose_power(self) -> bool:
        """Whether it can lose what was not fsynced."""
        return self.kind == EXT4

    def mount(self) -> None:
        """Put it in place."""
        if os.getuid() != 0:
            self.why_not = "only root may mount another"
            return
        if self._mount_ext4():
            self.kind = EXT4
        elif _done("mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0755", "tmpfs", self._data):
            self.kind = TMPFS

    def unmount(self) -> None:
        """Take it away with all that is on it."""
        if self.kind != OWN:
            _done("umount", "-l", self._data)
        if self.kind == EXT4:
            _done("umount", "-l", self._below)

    def fill(self) -> bool:
        """Leave hardly a byte. False when what is on it grows too fast for that."""
        if self.kind == EXT4:
            return self._fill_with_ballast()
        for spare in range(0, 20 * 65_536, 65_536):
            size = shutil.disk_usage(self._data).used + spare
            if _done("mount", "-o", f"remount,size={size}", self._data):
                return True
        return False

    def free(self) -> None:
        """Give it its room back."""
        if self.kind == EXT4:
            self._ballast.unlink(missing_ok=True)
        else:
            _done("mount", "-o", f"remount,size={SIZE_MB}m", self._data)

    def cut(self) -> None:
        """Cut its power: what was not fsynced by now never reaches it, and every write fails from
        now on."""
        self._unsynced.write_text("nobody has fsynced this")
        file = os.open(self._data, os.O_RDONLY)
        try:
            fcntl.ioctl(file, _SHUTDOWN, array.array("I", [_WITHOUT_FLUSHING]))
        finally:
            os.close(file)

    def restore_power(self) -> bool:
        """Mount it again: the journal is replayed, as after a power failure. Nobody may have a file
        of it open. Whether something was lost, as it must be."""
        for _ in range(100):
            if _done("umount", self._data):
                break
            time.sleep(0.1)
        subprocess.run(
            ["mount", "-o", "loop,noatime", str(self._image), str(self._data)],
            check=True,
            capture_output=True,
        )
        return not self._unsynced.exists()

    @property
    def _image(self) -> Path:
        return self._below / "image"

    @property
    def _unsynced(self) -> Path:
        return self._data / "unsynced"

    @property
    def _ballast(self) -> Path:
        return self._data / "ballast"

    def _mount_ext4(self) -> bool:
        """On an image in memory: a real disk's latency is not what is tried here."""
        if shutil.which("mkfs.ext4") is None:
            self.why_not = "there is no mkfs.ext4"
            return False
        self._below.mkdir(exist_ok=True)
        size = f"size={SIZE_MB + 256}m,mode=0700"
        if not _done("mount", "-t", "tmpfs", "-o", size, "tmpfs", self._below):
            self.why_not = "no tmpfs can be mounted here"
            return False
        with self._image.open("wb") as image:
            image.truncate(SIZE_MB * 1_048_576)
        if _done("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "nodiscard", self._image) and _done(
            "mount", "-o", "loop,noatime", self._image, self._data
        ):
            # Files of other users lie beneath it.
            self._data.chmod(0o755)
            return True
        self.why_not = "no loop device can be mounted here"
        _done("umount", "-l", self._below)
        return False

    def _fill_with_ballast(self) -> bool:
        for spare in (0, 1, 2, 4):
            free = shutil.disk_usage(self._data).free - spare * 65_536
            file = os.open(self._ballast, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(file, 0, max(free, 1))
                return True
            except OSError:
                continue
            finally:
                os.close(file)
        return False


def cut_power(disk: Disk, server: Unit) -> bool:
    """Cut the power of a disk and of the server that uses it, and restore the disk's. Whether
    something was lost that had not been fsynced, as it must be."""
    backends = psutil.Process(server.pid).children(recursive=True)
    disk.cut()
    server.kill()
    # Each backend leads a group of its own, and would keep the disk in use.
    for backend in backends:
        with contextlib.suppress(psutil.NoSuchProcess):
            backend.kill()
    return disk.restore_power()


def _done(*command: object) -> bool:
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True).returncode == 0
