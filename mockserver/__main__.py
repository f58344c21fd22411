"""Lets `python -m mockserver` do what the `mockserver` script does."""

from mockserver.cli import main

if __name__ == "__main__":
    main()
