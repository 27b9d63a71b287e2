"""Where the frozen program begins: the executable's name tells the window from the command line."""

import sys
from pathlib import Path

from wallet.__main__ import main, main_window

if __name__ == "__main__":
    sys.exit(main_window() if Path(sys.executable).stem == "wren-window" else main())
