"""Several processes and threads append at once: no gap, no double, a tree that verifies; and it is cheap."""

import json
import os
import subprocess
import sys
from pathlib import Path

PROCESSES, THREADS, ACTS = 3, 3, 20

WRITER = """
import sys, threading
from pathlib import Path
from custodes.hub import boot, keyring
from custodes.hub.serve import migrate
folder, acts, threads = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
boot.django_on(folder)
from django.db import connection, transaction
from custodes.hub.audit import ledger

def work():
    for number in range(acts):
        try:
            with transaction.atomic():
                ledger.append(kind="test.act", body={"n": number}, now_ns=number)
                if number % 7 == 3:
                    raise KeyError  # the act failed after it was written down
        except KeyError:
            pass
        if number % 5 == 0:
            ledger.signed_head(now_ns=number)
    connection.close()

if threads:
    started = [threading.Thread(target=work) for _ in range(threads)]
    for thread in started: thread.start()
    for thread in started: thread.join()
else:
    import time
    work()
    began = time.process_time()
    with transaction.atomic():
        for number in range(500):
            ledger.append(kind="test.act", body={"view": "x" * 36, "n": number}, now_ns=number)
    print((time.process_time() - began) / 500 * 1e6)
"""
PREPARE = """
import sys
from pathlib import Path
from custodes.hub import boot, keyring
from custodes.hub.serve import migrate
boot.make_folders(Path(sys.argv[1]))
keyring.make_keys(Path(sys.argv[1]) / "keys")
boot.django_on(Path(sys.argv[1]))
migrate()
"""


def python(code: str, *arguments: object) -> "subprocess.Popen[str]":
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CUSTODES_", "DJANGO_"))}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], env=environment, stdout=subprocess.PIPE, text=True
    )


def test_many_writers_leave_no_gap(tmp_path: Path) -> None:
    folder = tmp_path / "hub"
    assert python(PREPARE, folder).wait(60) == 0
    writers = [python(WRITER, folder, ACTS, THREADS) for _ in range(PROCESSES)]
    assert [writer.wait(120) for writer in writers] == [0] * PROCESSES
    verified = subprocess.run(
        [sys.executable, "-m", "custodes", "audit", "verify", "--data", str(folder), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    report = json.loads(verified.stdout)
    lost = len([number for number in range(ACTS) if number % 7 == 3])
    assert report["ok"], report["problems"]
    assert report["size"] == PROCESSES * THREADS * (ACTS - lost)


def test_an_append_is_cheap(tmp_path: Path) -> None:
    """A millisecond of CPU at most; measured 0.1-0.2, allowed far more on a busy machine."""
    folder = tmp_path / "hub"
    assert python(PREPARE, folder).wait(60) == 0
    writer = python(WRITER, folder, 1, 0)
    said, _ = writer.communicate(timeout=60)
    assert writer.returncode == 0
    assert float(said) < 1000
    print(f"{float(said):.0f} µs CPU an append")
