"""A hub's process that is stopped while a limited child looks at a film. Run as a process: argv = data folder."""

import json
import os
import sys
import threading
import time
from pathlib import Path
from uuid import UUID, uuid4


def main() -> None:
    folder = Path(sys.argv[1])
    os.environ["CUSTODES_HUB_DATA_DIR"] = str(folder)
    from custodes.hub import boot, keyring

    boot.make_folders(folder)
    keyring.make_keys(folder / "keys")
    boot.django_on(folder)
    from custodes.hub.serve import migrate

    migrate()
    from custodes.hub.process import conclude, examine, limited, runtime
    from custodes.hub.process.child import read_exactly

    looking, concluded = threading.Event(), []

    def look(_clip_id: UUID) -> None:
        limits = limited.Limits(memory_bytes=1 << 30, cpu_seconds=60)
        with limited.LimitedChild(
            "custodes.hub.process.child", {"size_bytes": 1 << 20, "poster_at_ns": None}, limits=limits
        ) as child:
            read_exactly(child.requests, 1)
            looking.set()
            read_exactly(child.requests, 1 << 20)  # it waits for an answer that never comes

    conclude.still_waits = lambda _clip_id: True
    conclude.conclude = lambda clip_id, *, reason, now_ns: concluded.append(reason)
    examine.check_sealed = look
    from custodes.hub.process import workflow

    workflow._checked.__kwdefaults__["waits"] = conclude.still_waits
    runtime.start()
    runtime.enqueue(uuid4())
    assert looking.wait(60), "nobody looked"
    begun = time.monotonic()
    runtime.stop()
    print(json.dumps({"stopped_within_5_s": time.monotonic() - begun < 5, "concluded": concluded}), flush=True)


main()
