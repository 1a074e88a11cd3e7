#!/bin/sh
# Find a Chromium for the browser tests, or install one: Playwright's own build, else Debian's package.
# CUSTODES_CHROMIUM names a binary to use. Prints nothing when all is well.
set -eu
cd "$(dirname "$0")/.."

runs() {
    [ -n "$1" ] && "$1" --version >/dev/null 2>&1
}

found() {
    for name in "${CUSTODES_CHROMIUM:-}" chromium chromium-browser; do
        if [ -n "$name" ] && runs "$(command -v "$name" || true)"; then
            return 0
        fi
    done
    runs "$(.venv/bin/python -c 'from playwright.sync_api import sync_playwright as start
with start() as playwright: print(playwright.chromium.executable_path)' 2>/dev/null || true)"
}

found && exit 0
echo "custodes: no Chromium found; installing one for the browser tests"
.venv/bin/playwright install chromium >.venv/chromium.log 2>&1 && found && exit 0

if command -v apt-get >/dev/null 2>&1; then
    root=
    [ "$(id -u)" = 0 ] || root="sudo -n"
    echo "custodes: Playwright's download is not to be had or does not start; trying the package 'chromium' of apt"
    export DEBIAN_FRONTEND=noninteractive
    if $root apt-get update >>.venv/chromium.log 2>&1 &&
        $root apt-get install -y --no-install-recommends chromium >>.venv/chromium.log 2>&1 && found; then
        exit 0
    fi
fi
echo "custodes: no Chromium could be installed (see .venv/chromium.log). Install Chromium, or name one:" \
    "CUSTODES_CHROMIUM=/path/to/chromium make test" >&2
exit 2
