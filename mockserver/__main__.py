"""The `mockserver` script, and what `python -m mockserver` does."""

import sys

from mockserver.signals import leaving_silently


def main() -> None:
    """Run the command line; a signal while it is still being imported, or a server is still being made, ends it without a word."""
    with leaving_silently():
        from mockserver import cli

        if sys.argv[1:2] == ["serve"]:  # has nothing to tidy up before it listens, and its own handlers after that
            cli.main()
    cli.main()


if __name__ == "__main__":
    main()
