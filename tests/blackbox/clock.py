"""A wall clock that a test sets, for one server process."""

import os
import shutil
import struct
import subprocess
from pathlib import Path

from blackbox.server import clean_environment

SHIM = Path(__file__).with_name("clock_shim.c")


def compiler():
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


class Clock:
    def __init__(self, folder):
        self._file = Path(folder) / "clock"
        self._shim = Path(folder) / "clock_shim.so"
        self.set(0)
        subprocess.run([compiler(), "-shared", "-fPIC", "-O1", "-o", self._shim, SHIM, "-ldl"], check=True)

    def set(self, offset_s):
        """So many seconds ahead of the system's clock from now on."""
        with open(self._file, "r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("q", offset_s))

    def environment(self):
        # The address sanitizer wants to be loaded before all others, and does without where it is told to.
        sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        return clean_environment(LD_PRELOAD=self._shim) | {"TEST_CLOCK": str(self._file), "ASAN_OPTIONS": sanitizer}
