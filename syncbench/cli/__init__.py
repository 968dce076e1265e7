"""The command line. One file per command; heavy imports happen inside the command, so that ``--help`` is quick."""

from __future__ import annotations

import os
import sys
import warnings
from typing import TextIO

__all__ = ["main"]


def main() -> None:
    """Run ``syncbench`` and turn what goes wrong into one line and an exit code."""
    from syncbench.cli.app import app
    from syncbench.errors import ClipError, CommandError, Unavailable, debugging

    if "--debug" in sys.argv:
        os.environ["SYNCBENCH_DEBUG"] = "1"  # for worker processes too
    debug = debugging()
    try:
        with warnings.catch_warnings():
            if not debug:
                warnings.showwarning = _one_line
            app()
    except (ClipError, CommandError, Unavailable) as error:
        if debug:
            raise
        print(f"syncbench: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(getattr(error, "code", 2))
    except KeyboardInterrupt:
        print("syncbench: stopped; the same command goes on where it stopped", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        if debug:
            raise
        text = " ".join(str(error).split())
        print(f"syncbench: {type(error).__name__}: {text} (run again with --debug for the traceback)", file=sys.stderr)
        sys.exit(70)


def _one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning as one line; takes what ``warnings.showwarning`` takes."""
    print(f"syncbench: warning: {' '.join(str(message).split())}", file=sys.stderr)
