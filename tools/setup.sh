#!/bin/sh
# Make .venv from requirements.lock, then install this tree into it, editable. Every hash is checked.
# PYTHON names another interpreter. Safe to run again: what is there already is kept.
set -eu
cd "$(dirname "$0")/.."

stop() {
    printf 'custodes: %s\n' "$*" >&2
    exit 2
}

new_enough() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

asked=${PYTHON:-python3}
python=
for candidate in "$asked" python3.13 python3.12 python3.11; do
    if new_enough "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    found=$("$asked" --version 2>/dev/null || echo 'not found')
    stop "Python 3.11 or newer is needed; '$asked' is: $found. Install one, or name it: make setup PYTHON=/path/to/python3"
fi
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    stop "$python cannot make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv"

# A .venv whose interpreter has gone (an upgrade, a moved folder) is made anew.
if ! new_enough .venv/bin/python; then
    rm -rf .venv
    echo "custodes: making .venv with $("$python" --version)"
    "$python" -m venv .venv
fi
rm -f .venv/.ready

# uv installs the rest several times faster than pip. It comes from the same lock, with its hashes.
if ! .venv/bin/uv --version >/dev/null 2>&1; then
    pins=.venv/uv.pins
    awk '/^[^ #]/ { wanted = ($0 ~ /^uv==/) } wanted' requirements.lock >"$pins"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r "$pins" ||
        echo "custodes: uv is not to be had here; pip does the work, more slowly" >&2
fi

echo "custodes: installing what requirements.lock names"
if .venv/bin/uv --version >/dev/null 2>&1; then
    install=".venv/bin/uv pip install --quiet --python .venv/bin/python"
else
    install=".venv/bin/python -m pip install -qq --disable-pip-version-check"
fi
$install --require-hashes -r requirements.lock
# The build backend is in the lock too, so nothing unpinned is fetched to install the tree itself.
$install --no-deps --no-build-isolation --editable .
# Compile what the programs import, once: every start is then three times quicker, where Python may write no cache too.
env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -c 'import custodes.edge.watch, custodes.edge.run, custodes.hub.serve'
touch .venv/.ready
