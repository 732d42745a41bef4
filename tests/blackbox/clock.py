"""A wall clock that a test sets, for one server process."""

import struct
from pathlib import Path

from blackbox.preload import compiler, environment, library

__all__ = ["Clock", "compiler"]


class Clock:
    def __init__(self, folder):
        self._file = Path(folder) / "clock"
        self.set(0)
        self._library = library("clock_shim.c", folder)

    def set(self, offset_s):
        """So many seconds ahead of the system's clock from now on."""
        with open(self._file, "r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("q", offset_s))

    def environment(self):
        return environment(self._library, TEST_CLOCK=self._file)
