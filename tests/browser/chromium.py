"""A browser for the tests: which one there is, and `python -m tests.browser.chromium`, which installs Debian's where
that asks nobody.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = (
    "no Chromium or Chrome is installed, so the pages were not looked at in a browser; "
    "apt-get install chromium, or set CHROME_BIN"
)


def executable() -> str | None:
    """The browser to use: CHROME_BIN, one on the PATH, or one at a usual place."""
    named = os.environ.get("CHROME_BIN")
    found = [path for path in map(shutil.which, (*([named] if named else []), *NAMES)) if path]
    found += [place for place in PLACES if Path(place).exists()]
    return next(iter(found), None)


def main() -> None:
    """Install Chromium by apt-get as root or with a sudo that asks for no password; otherwise say what is missing.
    Never fails.
    """
    if executable() is None and shutil.which("apt-get"):
        right = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"] if shutil.which("sudo") else None
        if right is not None and subprocess.run([*right, "true"], capture_output=True, check=False).returncode == 0:
            sys.stderr.write("Installing Chromium for the browser tests (once) ...\n")
            for command in (["update", "-qq"], ["install", "-qq", "--yes", "--no-install-recommends", "chromium"]):
                subprocess.run([*right, "apt-get", *command], stdout=subprocess.DEVNULL, check=False)
    if executable() is None:
        sys.stderr.write(f"{MISSING}.\n")


if __name__ == "__main__":
    main()
