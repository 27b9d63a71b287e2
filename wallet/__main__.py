"""Starts Wren. Nothing heavy is imported at module level: spawned children import this module again."""

import multiprocessing
import sys


def main() -> int:
    """Run the command line, or the window when there is no command. Answers the exit code."""
    multiprocessing.freeze_support()
    from wallet.app import main as run

    return run(sys.argv[1:])


def main_window() -> int:
    """Open the window: the entry of the desktop's launcher, which may hand over a bitcoin: link."""
    multiprocessing.freeze_support()
    from wallet.app import main as run

    return run(["gui", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
