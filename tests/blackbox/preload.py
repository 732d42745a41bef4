"""Libraries of this folder that are preloaded into a server, to change what the system answers it."""

import os
import shutil
import subprocess
from pathlib import Path

from blackbox.server import clean_environment


def compiler():
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def library(source, folder):
    """Builds it into the folder; returns its path."""
    built = Path(folder) / Path(source).with_suffix(".so").name
    source = Path(__file__).with_name(source)
    subprocess.run([compiler(), "-shared", "-fPIC", "-O1", "-o", built, source, "-ldl"], check=True)
    return built


def environment(preloaded, **more):
    """For a server with this library, and what the library reads."""
    # The address sanitizer wants to be loaded before all others, and does without where it is notified to.
    sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    given = {name: str(text) for name, text in more.items()}
    return clean_environment(LD_PRELOAD=preloaded) | {"ASAN_OPTIONS": sanitizer} | given
