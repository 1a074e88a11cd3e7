"""The page's sections on likeness, own copies, search and the peers, from what these runs left in .leaklab.

Where a run left nothing, the section stays as the page has it: the quick bench must not drop what took hours.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.leaklab.table import Row

HIDING = "## How alike marked film looks"
OWN = "## Copies of one's own, mixed"
SEARCH, PEERS = "## Finding the clip in a library", "## Peers on the same attacks"


def sections(folder: Path, before: str) -> str:
    """Return the sections; `before` is the page as it was."""
    own, hiding = (_kept(folder / name) for name in ("own.json", "hiding.json"))
    peers = folder / "peers.json"
    said: dict[str, Any] = json.loads(peers.read_text(encoding="utf-8")) if peers.is_file() else {}
    found = folder / "search.jsonl"
    rows = [json.loads(line) for line in found.read_text(encoding="utf-8").splitlines()] if found.is_file() else []
    return (
        _made(HIDING, hiding.get("rows"), before, lambda: _hiding(hiding))
        + _made(OWN, own.get("rows"), before, lambda: _own(own))
        + _made(SEARCH, rows, before, lambda: _search(rows, said))
        + _made(PEERS, said.get("marks"), before, lambda: _peers(said))
    )


def _made(title: str, rows: object, before: str, write: Callable[[], list[str]]) -> str:
    if rows:
        return "\n".join([title, "", *write(), "", ""])
    at = before.find(title)
    if at < 0:
        return ""
    end = before.find("\n## ", at + 1)
    return (before[at:] if end < 0 else before[at : end + 1]).rstrip("\n") + "\n\n"


def _kept(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _hiding(said: dict[str, Any]) -> list[str]:
    lines = [
        f"Mean SSIM (Wang et al. 2004, window of 11 px) of luma, {said['seconds']:g} s of each film; 1 is the same.",
        "What the mark changes is the first column; what it adds to the encoder's own loss is the distance between the",
        "next two. VMAF is not measured: the FFmpeg inside PyAV's wheel has no such filter.",
        "",
        "| film | before encoding | marked beside its source | unmarked beside it | both encoded | worst picture |",
        "|---|---|---|---|---|---|",
    ]
    return lines + [
        f"| {row['film']} | {row['before']:.4f} | {row['marked']:.4f} | {row['unmarked']:.4f} | {row['between']:.4f} "
        f"| {row['worst']:.4f} |"
        for row in said["rows"]
    ]


def _own(said: dict[str, Any]) -> list[str]:
    lines = [
        f"Leaks in which a view of the leaker's own is named, among {said['views']} views, from {said['fragments']}",
        f"half seconds, read clearly (z {said['strength']:g}, noise {said['noise']:g}); seed {said['seed']}. No film:",
        "what fails here fails everywhere. Within a day an account is served one word (ADR 0044), so that its",
        "copies are the same; a word a view is what came before, and what somebody still collects on as many days.",
        "",
        "| copies | mixed by | trials | named, a word a view | named, one word a day | somebody else named |",
        "|---|---|---|---|---|---|",
    ]
    by = {(row["copies"], row["mix"], row["same_word"]): row for row in said["rows"]}
    for copies, mix in dict.fromkeys((row["copies"], row["mix"]) for row in said["rows"]):
        old, new = by[copies, mix, False], by[copies, mix, True]
        lines.append(
            f"| {copies} | {'splicing' if mix == 'spliced' else 'averaging'} | {old['trials']} each | "
            f"{old['right'] / old['trials']:.0%} | {new['right'] / new['trials']:.0%} | "
            f"{old['wrong']} and {new['wrong']} |"
        )
    return lines


def _search(rows: list[Row], said: dict[str, Any]) -> list[str]:
    theirs = {(row["attack"], row["clips"]): row for row in said.get("search", [])}
    lines = [
        "Leaks whose clip came first, of those asked with: four pictures each, without the attack's encoding. The",
        "other clips are mirrored, turned pieces of the same films. pdqhash: the nearest hash, nothing put straight.",
        "",
        "| attack | clips | first | CPU s a leak | pdqhash first |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        peer = theirs.get((row["attack"], row["clips"]))
        beside = f"{peer['hit_at_1']} of {peer['leaks']}" if peer else "not run"
        lines.append(
            f"| {row['attack']} | {row['clips']:,} | {row['hit_at_1']} of {row['leaks']} | {row['cpu_s_a_leak']:.2f} "
            f"| {beside} |"
        )
    return lines


def _peers(said: dict[str, Any]) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in said["versions"].items())
    marks = said["marks"]
    lines = [
        f"Share of 32 bits read rightly (0.5 is chance), {said['pictures']} pictures of {said['film']}, two of them",
        f"read, seed {said['seed']}; {versions}.",
        "The attacks are those above, in colour (each channel as luma), and each picture is put back to its place",
        "before a peer reads it. A peer marks each picture for each viewer; ours is spliced. Costs are CPU ms a",
        "picture on a shared machine. rivaGan's networks run as its package has them, with NumPy in torch's place.",
        "",
        "| attack | " + " | ".join(row["method"] for row in marks) + " |",
        "|---|" + "---|" * len(marks),
    ]
    lines += [
        f"| {name} | " + " | ".join(f"{row['right'].get(name, 0):.2f}" for row in marks) + " |"
        for name in marks[0]["right"]
    ]
    for title, key, unit in (
        ("mark a picture", "embed_ms", "ms"),
        ("read one", "read_ms", "ms"),
        ("PSNR", "psnr_db", "dB"),
    ):
        lines.append(f"| {title} | " + " | ".join(f"{row[key]:.0f} {unit}" for row in marks) + " |")
    return lines
