"""Where the frozen program begins: the name that it is started by tells the window from the command line."""

import sys
from pathlib import Path

from wallet.__main__ import main, main_window

if __name__ == "__main__":
    sys.exit(main_window() if Path(sys.argv[0]).stem == "wren-window" else main())
