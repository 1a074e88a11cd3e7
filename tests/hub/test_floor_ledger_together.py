"""Several processes and threads append at once: no gap, no double, a tree that verifies."""

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

started = [threading.Thread(target=work) for _ in range(threads)]
for thread in started: thread.start()
for thread in started: thread.join()
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
