"""Starts Wren. Nothing heavy is imported at module level: spawned children import this module again."""

import sys


def main() -> int:
    """Run the command line, or the window when there is no command. Answers the exit code."""
    return _run(sys.argv[1:])


def main_window() -> int:
    """Open the window: the entry of the desktop's launcher, which may hand over a bitcoin: link."""
    return _run(["gui", *sys.argv[1:]])


def _run(arguments: list[str]) -> int:
    try:
        import multiprocessing

        multiprocessing.freeze_support()
        from wallet.app import main as run

        return run(arguments)
    except KeyboardInterrupt:  # before the command has begun, while modules are still being read
        sys.stderr.write("error: stopped; nothing was lost\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
