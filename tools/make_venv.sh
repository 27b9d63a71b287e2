#!/bin/sh
# make_venv.sh runtime|dev [FOLDER]
# Makes the virtual environment (.venv) and installs exactly the locked packages, and Wren itself from this checkout.
set -eu
cd "$(dirname "$0")/.."
locks=requirements.lock
[ "$1" = dev ] && locks=requirements-dev.lock
venv=${2:-.venv}

supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

if ! { [ -x "$venv/bin/python" ] && supported "$venv/bin/python"; }; then
    python=
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if supported "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "Wren needs Python 3.11, 3.12 or 3.13; here python3 is: $(python3 --version 2>&1 || true)." >&2
        echo "Install one of them, or name it: make PYTHON=/path/to/python3.12 ..." >&2
        exit 1
    fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get -qq update
            DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "python$version-venv"
        else
            echo "Python's venv is missing. On Debian or Ubuntu: sudo apt-get install python$version-venv" >&2
            exit 1
        fi
    fi
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi

pip="$venv/bin/python -m pip --disable-pip-version-check --quiet"
# The lock is complete: what it does not name is not looked for, whatever has been released since.
$pip install --no-deps --require-hashes -r "$locks" -r requirements-build.lock
$pip install --no-deps --no-build-isolation -e .
$pip check
