"""Write docs/licences.md: each package that the lock names and this machine has, its licence, and which part needs it.

`--check` only compares. Licences come from the packages' own metadata; what a wheel *bundles* may differ from what it
declares, and docs/adr/0011 looks into the one case that matters.
"""

import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "licences.md"
# Metadata of these does not say it in a field; the licence file in the wheel does.
READ_FROM_THE_WHEEL = {
    "cedarpy": "Apache-2.0",
    "fido2": "BSD-2-Clause AND Apache-2.0 AND MPL-2.0",
    "scipy": "BSD-3-Clause",
    "pytest-django": "BSD-3-Clause",
    "reportlab": "BSD-3-Clause",
}


def locked() -> list[str]:
    """Return the names in requirements.lock, sorted."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", lock, re.MULTILINE)))


def licence_of(distribution: importlib.metadata.Distribution) -> str:
    """Return what the package's metadata says of its licence, in one line."""
    metadata: Any = distribution.metadata  # an email.message.Message, of which typeshed promises less
    name = metadata["Name"].lower()
    if name in READ_FROM_THE_WHEEL:
        return READ_FROM_THE_WHEEL[name]
    stated = metadata.get("License-Expression") or metadata.get("License") or ""
    classifiers = [
        classifier.rsplit(" :: ", 1)[-1]
        for classifier in metadata.get_all("Classifier") or []
        if classifier.startswith("License :: ") and not classifier.endswith("OSI Approved")
    ]
    line = stated.strip().splitlines()[0] if stated.strip() else " and ".join(classifiers)
    return line.rsplit(" :: ", 1)[-1] or "not stated"


def parts_needing() -> dict[str, set[str]]:
    """Return which parts of Custodes ('core', 'edge', 'hub', 'demo', 'dev') need each package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"core": project["dependencies"], **project["optional-dependencies"]}
    needed: dict[str, set[str]] = {}
    for part, requirements in groups.items():
        waiting = [Requirement(line) for line in requirements]
        while waiting:
            requirement = waiting.pop()
            name = re.sub(r"[-_.]+", "-", requirement.name).lower()
            if part in needed.get(name, set()):
                continue
            needed.setdefault(name, set()).add(part)
            waiting += needed_by(name, requirement.extras)
    return needed


@cache
def requirements_of(name: str) -> list[Requirement]:
    """Return what the installed package `name` states that it requires; nothing if it is not installed."""
    try:
        return [Requirement(line) for line in importlib.metadata.requires(name) or []]
    except importlib.metadata.PackageNotFoundError:
        return []


def needed_by(name: str, extras: Iterable[str]) -> list[Requirement]:
    """Return what the installed package `name` requires on this machine, with `extras` asked for."""
    found = requirements_of(name)
    wanted = ["", *extras]
    return [one for one in found if not one.marker or any(one.marker.evaluate({"extra": extra}) for extra in wanted)]


@cache
def rows() -> list[tuple[str, str, str]]:
    """Return (package, licence, parts that need it) for each locked package that is installed here."""
    needed = parts_needing()
    found = []
    for name in locked():
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform
        parts = needed.get(re.sub(r"[-_.]+", "-", name), set())
        shown = ", ".join(part for part in ("core", "edge", "hub", "demo", "dev") if part in parts)
        found.append((name, licence_of(distribution), shown))
    return found


def page() -> str:
    """Return docs/licences.md."""
    lines = [
        "# Licences of the dependencies",
        "",
        "Written by `make docs` from the packages' own metadata; do not edit. What it means for us, and what the wheel",
        "of `av` bundles, stands in [ADR 0011](adr/0011-licences-of-dependencies.md).",
        "",
        "| package | licence | needed by |",
        "|---|---|---|",
        *(f"| {name} | {licence} | {parts} |" for name, licence, parts in rows()),
    ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` compare it. Return 1 if it differs."""
    text = page()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    if arguments == ["--check"]:
        print("docs/licences.md differs from what is installed; run 'make docs'")
        return 1
    PAGE.write_text(text, encoding="utf-8")
    print("docs/licences.md: written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
