#!/bin/sh
# Write requirements.lock: every dependency of every extra, for every platform, with hashes and without any address.
# Versions stay as they are unless UPGRADE=1.
set -eu
cd "$(dirname "$0")/.."

upgrade=
[ "${UPGRADE:-}" = 1 ] && upgrade=--upgrade
# A machine's own configuration (a mirror, a folder of wheels) must leave no trace in a file that others use.
.venv/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 --all-extras --generate-hashes \
    --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $upgrade \
    --output-file requirements.lock pyproject.toml
