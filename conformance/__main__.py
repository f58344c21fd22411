"""Lets `python -m conformance` do what the `conformance` script does."""

from conformance.cli import main

if __name__ == "__main__":
    main()
