"""Turn outcomes into docs/tracing.md, and count accusations among the innocent."""

import importlib.metadata
import platform
from collections import defaultdict
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from custodes.trace.decide import IDENTIFIED_BELOW, tail, weights_of
from custodes.trace.detect import SoftBits
from custodes.trace.keys import MarkKey
from custodes.trace.mark_settings import MarkSettings
from tools.leaklab.attacks import DIGITAL
from tools.leaklab.hiding import measure
from tools.leaklab.phone import FILMED
from tools.leaklab.trial import ACCOMPLICE, LEAKER, SECRET, Case

Row: TypeAlias = dict[str, Any]  # one line of results.jsonl
Floats: TypeAlias = NDArray[np.float64]
NAMING_TRIALS, INNOCENT_TRIALS = 1000, 10_000
MANY = 1000
FILM_COLUMNS = (
    "film",
    "what",
    "both variants (target 1.2)",
    "small form",
    "kbit/s a variant",
    "beside no mark (target +6 %)",
    "PSNR before encoding (target 50 dB)",
    "largest step (target 3 levels)",
    "mark left (RMS, levels)",
    "presence, unmarked copy",
)
TEN_S = 20


def case_facts(case: Case) -> dict[str, float]:
    """Return what marking a film cost and how well it hides."""
    reference = case.suspect.reference
    size = sum(span.size for span in case.pair.index.a)
    hiding = measure(case.film, MarkKey(SECRET, case.suspect.clip_id), size, MarkSettings())
    return {
        "mark_cost": round(case.mark_cost, 3),
        "keep_cost": round(case.keep_cost, 3),
        "kbit_per_s": round(size * 8 / case.pair.index.end_s / 1000),
        "mark_rms": round(float(np.sqrt(np.mean(reference.marks**2))), 3),
        "psnr_db": hiding.psnr_db,
        "largest_step": hiding.largest_step,
        "bit_rate_ratio": hiding.bit_rate_ratio,
    }


def page(rows: list[Row], *, seed: int) -> str:
    """Return the whole page."""
    marked = [row for row in rows if not row["attack"].startswith("unmarked")]
    clean = [row for row in rows if row["attack"].startswith("unmarked")]
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("av", "numpy", "opencv-python-headless")
    )
    lines = [
        "# Tracing, measured",
        "",
        "Written by `make bench-trace` and `make eval-trace`; do not edit. Attacks are simulated with fixed seeds,",
        "in luma; no real phone and no real monitor has been tried. Design and limits: [trace](design/trace.md).",
        "",
        (
            f"Seed {seed}. {versions}, Python {platform.python_version()}. {len(marked)} attacks on "
            f"{len({row['film'] for row in rows})} films; 50 known views a clip unless said otherwise."
        ),
        "",
        *_films(clean),
        *_attacks(marked),
        *_naming(marked),
        *_innocent(marked, clean),
    ]
    return "\n".join(lines) + "\n"


def _films(clean: list[Row]) -> list[str]:
    lines = [
        "## Films and what marking costs",
        "",
        "CPU seconds per second of film; the mark is what the encoder left of it, at 640x360. Presence: mean of z²",
        "in a copy without a mark: above 1, the variants' own coding noise answers. No accusation rests on it.",
        "",
        "| " + " | ".join(FILM_COLUMNS) + " |",
        "|" + "---|" * len(FILM_COLUMNS),
    ]
    for row in clean:
        case = row["case"]
        lines.append(
            f"| {row['film']} | {case['what']} | {case['mark_cost']:.2f} | {case['keep_cost']:.2f} | "
            f"{case['kbit_per_s']} | {case['bit_rate_ratio'] - 1:+.1%} | {case['psnr_db']:.1f} dB | "
            f"{case['largest_step']} | {case['mark_rms']:.2f} | {row['presence']:.2f} |"
        )
    return [*lines, ""]


def _attacks(marked: list[Row]) -> list[str]:
    lines = [
        "## Attacks",
        "",
        "z: mean soft bit, signed by the truth. Errors: soft bits of the wrong sign, of those read. Identified: the",
        "right view below a false-accusation chance of 1e-3 (both views where two were mixed). Cost: CPU seconds of",
        "tracing per second of leak, the variants already decoded.",
        "",
        "| attack | film | leak (s) | z | errors | target | identified | first of 50 | wrongly named | cost |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    by_name = defaultdict(list)
    for row in marked:
        by_name[row["attack"]].append(row)
    for attack in (*DIGITAL, *FILMED):
        mixed = bool(attack.collusion)
        lines += [_attack_line(row, attack.aim, mixed=mixed) for row in by_name.pop(attack.name, [])]
    ran = {row["attack"] for row in marked}
    missing = [attack.name for attack in (*DIGITAL, *FILMED) if attack.name not in ran]
    if missing:
        lines += ["", f"Not run this time (`make eval-trace` runs them): {'; '.join(missing)}."]
    return [*lines, ""]


def _attack_line(row: Row, aim: float | None, *, mixed: bool) -> str:
    guilty = {LEAKER, ACCOMPLICE} if mixed else {LEAKER}
    named = set(row["identified"])
    right = named == guilty if mixed else LEAKER in named
    partly = bool(named & guilty)
    errors = "–" if mixed else f"{row['errors']}/{row['read']}"
    target = "–" if aim is None else f"{aim:.0%}"
    said = "yes" if right else ("one of two" if mixed and partly else "no")
    first = "yes" if row["first"] in guilty else "no"
    mean_z = "–" if mixed else f"{row['mean_z']:.1f}"
    cost = row["cost_s"] / max(row["seconds"], 0.1)
    return (
        f"| {row['attack']} | {row['film']} | {row['seconds']:.0f} | {mean_z} | {errors} | {target} | {said} "
        f"| {first} | {len(named - guilty)} | {cost:.2f} |"
    )


def _naming(marked: list[Row]) -> list[str]:
    """Name the view from ten seconds among 1,000: every window of twenty fragments, the other words drawn anew."""
    rng = np.random.default_rng(1)
    lines = [
        "## Ten seconds among 1,000 views",
        "",
        "Every stretch of twenty half seconds of each leak that was read, beside 999 other words drawn anew for each",
        "trial. *Right* ranks the leaker first; *identified* is below the bound as well, which takes twenty letters.",
        "",
        "| attack | trials | right | identified | wrongly identified |",
        "|---|---|---|---|---|",
    ]
    by_name: dict[str, list[list[float]]] = defaultdict(list)
    for row in marked:
        if "two views" in row["attack"] or "excerpt" in row["attack"]:
            continue
        z = [0.0 if value is None else value for value in row["z"]]
        by_name[row["attack"]] += [z[start : start + TEN_S] for start in range(max(len(z) - TEN_S + 1, 0))]
    for name, windows in by_name.items():
        used = [window for window in windows if np.count_nonzero(window) >= TEN_S - 1]
        if not used:
            continue
        counts = np.zeros(3, int)
        trials = 0
        for window in used:
            for _ in range(max(1, NAMING_TRIALS // len(used))):
                counts += _one_naming(np.array(window), rng)
                trials += 1
        right, identified, wrong = counts
        lines.append(f"| {name} | {trials} | {right / trials:.1%} | {identified / trials:.1%} | {wrong} |")
    return [*lines, ""]


def _one_naming(z: Floats, rng: np.random.Generator) -> NDArray[np.int_]:
    truth = rng.choice(np.array([-1, 1]), len(z))  # `z` is signed by the truth: turn it back by this trial's word
    weights = _weights(z * truth)
    scores, chances = _chance_scores(weights, rng), tail(weights)
    mine = int(truth @ weights)
    best = int(scores[1:].max())
    limit = IDENTIFIED_BELOW / MANY
    middle = (len(chances) - 1) // 2
    return np.array([mine > best, chances[mine + middle] < limit, chances[best + middle] < limit], int)


def _weights(z: Floats) -> NDArray[np.int64]:
    soft = SoftBits(np.where(z == 0, np.nan, z), np.full(len(z), 5, np.int32), 0.0, (0, 0))
    return weights_of(soft)


def _chance_scores(weights: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the scores of 1,000 words of chance."""
    return np.asarray(rng.choice(np.array([-1, 1]), (MANY, len(weights))) @ weights, dtype=np.int64)


def _innocent(marked: list[Row], clean: list[Row]) -> list[str]:
    """Count accusations where nobody known did it: unmarked copies, and leaks whose view is not in the book."""
    rng = np.random.default_rng(2)
    lines = [
        "## The innocent",
        "",
        "Soft bits as read, against 1,000 words of chance drawn anew for each trial: nobody in the book took part.",
        "",
        "| soft bits of | trials | accused | rate | bound |",
        "|---|---|---|---|---|",
    ]
    for name, rows in (("unmarked copies", clean), ("marked copies whose view is not in the book", marked)):
        read = [row for row in rows if row["read"] >= 8]
        if not read:
            continue
        trials = accused = 0
        for row in read:
            z = np.array([0.0 if value is None else value for value in row["z"]])
            weights = _weights(z)
            chances = tail(weights)
            for _ in range(max(1, INNOCENT_TRIALS // len(read))):
                best = int(_chance_scores(weights, rng).max())
                accused += bool(chances[best + (len(chances) - 1) // 2] < IDENTIFIED_BELOW / MANY)
                trials += 1
        lines.append(f"| {name} | {trials} | {accused} | {accused / trials:.2%} | 0.10% |")
    return [*lines, ""]
