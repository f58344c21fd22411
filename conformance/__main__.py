"""The `conformance` script, and `python -m conformance`: the judge needs libraries that the mock does without."""

from __future__ import annotations

import sys

EXTRA = ("hypothesis", "openapi_core", "schemathesis")


def main() -> None:
    """Run the command line; where the extra is not installed, say so and end with 2."""
    try:
        from conformance.cli import main as run
    except ModuleNotFoundError as missing:
        if missing.name not in EXTRA:
            raise
        told = f"conformance: {missing.name} is not installed; the judge needs the extra: pip install 'understudy[conformance]', in a clone -e '.[conformance]'"
        sys.stderr.write(f"{told}\n")
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
