"""The pages on telemetry and alerts say what the code does: columns, formats, anchors; the examples run."""

import re
from pathlib import Path
from typing import Any

import pytest

from custodes.core.types import Alert, Severity
from custodes.edge.alert import AlertSettings
from custodes.edge.alert.webhook import body_of, signature
from custodes.edge.telemetry import Anchor, read_telemetry
from custodes.edge.telemetry.table import COLUMNS, TIME_COLUMNS

DOCS = Path(__file__).parents[2] / "docs"
TELEMETRY = (DOCS / "telemetry.md").read_text()
ALERTS = (DOCS / "alerts.md").read_text()


def test_each_column_is_documented_and_no_other() -> None:
    section = TELEMETRY.partition("\n## CSV\n")[2].partition("\n## ")[0]
    cells = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    named = set(re.findall(r"`(\w+)`", " ".join(cells)))
    assert named == {*COLUMNS, *TIME_COLUMNS}


def test_the_example_table_loads(tmp_path: Path) -> None:
    found = re.search(r"```csv\n(.*?)```", TELEMETRY, re.DOTALL)
    assert found is not None
    (tmp_path / "drive.csv").write_text(found[1])
    samples = read_telemetry(tmp_path / "drive.csv", parked_filter=False).samples
    assert [sample.speed_mps for sample in samples] == pytest.approx([10.0, 10.139], abs=0.001)


def test_each_anchor_is_documented() -> None:
    section = TELEMETRY.partition("\n## When it plays\n")[2]
    rows = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert sorted(rows) == sorted(["anchor", *Anchor])


def test_the_receivers_check_accepts_ours_and_nothing_else() -> None:
    found = re.search(r"```python\n(.*?)```", ALERTS, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)
    secret, body = b"0123456789abcdef", body_of(Alert("e", "speed", Severity.NOTE, "64 km/h.", 5))
    genuine = names["is_genuine"]
    assert genuine(secret, "1767268800", signature(secret, "1767268800", body), body)
    assert not genuine(secret, "1767268801", signature(secret, "1767268800", body), body)
    assert not genuine(secret, "1767268800", signature(secret, "1767268800", body), body + b" ")
    assert not genuine(b"another secret..", "1767268800", signature(secret, "1767268800", body), body)


def test_the_body_is_documented() -> None:
    body = body_of(Alert("e", "speed", Severity.NOTE, "64 km/h.", 5)).decode()
    assert [key for key in re.findall(r'"(\w+)":', body) if f"`{key}`" not in ALERTS] == []
    assert AlertSettings().webhook is None, "nothing is posted anywhere unless somebody asks"
