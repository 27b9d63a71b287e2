"""Check what the operating system must bring, name the Debian packages that are missing, install them as root.

    system_packages.py            what the window needs
    system_packages.py --tests    that, and the virtual screen and the Secret Service of the tests

Asks the dynamic loader itself (``ldd``) about Qt's libraries and plugins, so that nothing is guessed.
Installs only as root on a system with apt-get; otherwise prints the command and exits 1.
Runs inside the virtual environment, which must hold PySide6.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# The parts of Qt that the window loads; paths relative to the PySide6 package.
QT_PARTS = (
    "Qt/lib/libQt6Core.so.6",
    "Qt/lib/libQt6Gui.so.6",
    "Qt/lib/libQt6Widgets.so.6",
    "Qt/lib/libQt6Svg.so.6",
    "Qt/lib/libQt6DBus.so.6",
    "Qt/plugins/platforms/libqxcb.so",
    "Qt/plugins/platforms/libqoffscreen.so",
    "Qt/plugins/platforms/libqwayland.so",
    "Qt/plugins/xcbglintegrations/*.so",
    "Qt/plugins/platforminputcontexts/libcompose*.so",
    "Qt/plugins/platforminputcontexts/libibus*.so",
    "Qt/plugins/iconengines/*.so",
    "Qt/plugins/imageformats/libqsvg.so",
)

# Debian's package for each shared library that those parts may miss.
PACKAGE_OF_LIBRARY = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libOpenGL.so.0": "libopengl0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}

FONT_PACKAGE = "fonts-dejavu-core"
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")

# Programs of the tests. gnome-keyring and dbus-x11 bring the Secret Service, libsecret-tools a second opinion on it;
# the last two judge what makes Wren known to a desktop.
PACKAGE_OF_TEST_PROGRAM = {
    "Xvfb": "xvfb",
    "xauth": "xauth",
    "dbus-daemon": "dbus",
    "dbus-launch": "dbus-x11",
    "gnome-keyring-daemon": "gnome-keyring",
    "secret-tool": "libsecret-tools",
    "cc": "gcc",
    "desktop-file-validate": "desktop-file-utils",
    "appstreamcli": "appstream",
}


def missing_libraries() -> set[str]:
    """Names of the shared libraries that Qt's parts need and the loader does not find."""
    found = importlib.util.find_spec("PySide6")
    if found is None or found.origin is None:
        raise SystemExit("PySide6 is not in this environment: run `make run` or `make test`, which make one.")
    folder = Path(found.origin).parent
    parts = [str(path) for pattern in QT_PARTS for path in sorted(folder.glob(pattern))]
    done = subprocess.run(["ldd", *parts], capture_output=True, text=True, check=False)
    return set(re.findall(r"^\s*(\S+) => not found", done.stdout, re.MULTILINE))


def has_fonts() -> bool:
    """Whether any font is there that Qt can draw with."""
    folders = (Path(folder).expanduser() for folder in FONT_FOLDERS)
    return any(path.suffix in {".ttf", ".otf", ".ttc"} for folder in folders for path in folder.rglob("*"))


def missing_packages(*, tests: bool) -> list[str]:
    """Debian's names of the missing packages; a library that no package is known for stands there by its own name."""
    packages = {PACKAGE_OF_LIBRARY.get(library, library) for library in missing_libraries()}
    if not has_fonts():
        packages.add(FONT_PACKAGE)
    if tests:
        packages |= {package for program, package in PACKAGE_OF_TEST_PROGRAM.items() if not shutil.which(program)}
    return sorted(packages)


def install(packages: list[str]) -> None:
    """Install `packages` with apt-get."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    print("installing:", *packages, file=sys.stderr, flush=True)
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    subprocess.run([*apt, "update"], env=environment, check=False)
    command = [*apt, "install", "--yes", "--no-install-recommends", *packages]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)


def main() -> None:
    """Install or name what is missing."""
    tests = "--tests" in sys.argv[1:]
    if not sys.platform.startswith("linux"):
        return
    missing = missing_packages(tests=tests)
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        install(missing)
        missing = missing_packages(tests=tests)
    if missing:
        sys.exit(
            "Wren needs some packages of the operating system. On Debian or Ubuntu:\n\n"
            f"    sudo apt-get install {' '.join(missing)}\n"
        )


if __name__ == "__main__":
    main()
