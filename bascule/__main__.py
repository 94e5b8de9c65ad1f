"""`python -m bascule` and the `bascule` command: errors become a message and an exit code here, never a traceback."""

from __future__ import annotations

import gc
import io
import os
import sys


def main() -> None:
    """Run the command line and exit."""
    # A command reads much that it keeps until it ends, such as AWS's service models: looking for garbage among that at
    # every 700 new objects was a third of the time that making clients takes (`make bench`).
    gc.set_threshold(50_000)
    # None is used, and pydantic looks for them in every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    from bascule.cli import app
    from bascule.errors import BasculeError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # where the terminal's encoding knows no arrow
    try:
        app()
    except BasculeError as error:
        print(f"bascule: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.filename is not None:  # a file of ours, so a bug
            raise
        print(f"bascule: standard output can't be written: {error.strerror}", file=sys.stderr)
        sys.stdout = None  # whatever is left in it can't be written either
        sys.exit(1)
    except KeyboardInterrupt:
        print("bascule: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
