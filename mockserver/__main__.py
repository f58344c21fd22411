"""The entry point of `mockserver` and of `python -m mockserver`."""

import sys

from mockserver.signals import leaving_silently


def main() -> None:
    """Run the command line. A signal during imports, or before the server listens, ends it without a message."""
    with leaving_silently():
        from mockserver import cli

        # it has nothing to clean up before it listens, and handlers of its own afterwards
        if sys.argv[1:2] == ["serve"]:
            cli.main()
    cli.main()


if __name__ == "__main__":
    main()
