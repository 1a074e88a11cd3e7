"""List the hub's consent texts with their hashes: `python tools/wording.py` after a *new* version was written.

A text that is listed is never rewritten: people have signed it. Write the next version beside it; where answers to the
earlier ones shall no longer hold, set `holds_from` in the catalogue by hand.
"""

import hashlib
import sys
import tomllib
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "src" / "custodes" / "hub" / "consent" / "wording"
CATALOGUE = FOLDER / "catalogue.toml"


def main() -> int:
    """Add what is not listed yet. Ends with 1, and changes nothing, when a listed text was changed."""
    known = tomllib.loads(CATALOGUE.read_text(encoding="utf-8")) if CATALOGUE.exists() else {}
    lines = [
        "# Written by tools/wording.py, but for holds_from. A listed text is never changed: people have signed it."
    ]
    topics = sorted({path.name.split(".")[0] for path in FOLDER.glob("*.*.*.toml")})
    for topic in topics:
        listed = known.get(topic, {}).get("files", {})
        lines += ["", f"[{topic}]", f"holds_from = {known.get(topic, {}).get('holds_from', 1)}", f"[{topic}.files]"]
        for path in sorted(FOLDER.glob(f"{topic}.*.*.toml")):
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            if listed.get(path.name, sha256) != sha256:
                print(f"{path.name}: signed texts stay as they are. Write the next version beside it.")
                return 1
            lines.append(f'"{path.name}" = "{sha256}"')
    CATALOGUE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
