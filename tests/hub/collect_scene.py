"""A hub's process that runs one workflow to its end and collects it. Run as a process: argv = data folder."""

import json
import os
import sys
import time
from pathlib import Path
from uuid import uuid4

DAY_NS = 86_400 * 10**9


def main() -> None:
    folder = Path(sys.argv[1])
    os.environ["CUSTODES_HUB_DATA_DIR"] = str(folder)
    from custodes.hub import boot, keyring

    boot.make_folders(folder)
    keyring.make_keys(folder / "keys")
    boot.django_on(folder)
    from custodes.hub.serve import migrate

    migrate()
    from dbos import DBOS

    from custodes.hub.process import runtime

    runtime.start()
    clip_id = uuid4()  # there is no such clip: its workflow ends at the first step
    runtime.enqueue(clip_id)
    deadline = time.monotonic() + 60
    while not runtime._has_ended(clip_id):
        assert time.monotonic() < deadline, "the workflow did not end"
        time.sleep(0.05)
    now_ns = time.time_ns()
    young = runtime.collect(now_ns=now_ns + (runtime.KEPT_DAYS - 1) * DAY_NS)
    left = len(DBOS.list_workflows())
    old = runtime.collect(now_ns=now_ns + (runtime.KEPT_DAYS + 1) * DAY_NS)
    gone = len(DBOS.list_workflows())
    runtime.enqueue(clip_id)  # queued again after it was forgotten: harmless
    print(json.dumps({"young": young, "left": left, "old": old, "gone": gone}), flush=True)
    runtime.stop()


main()
