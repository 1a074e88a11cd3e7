"""Set a running hub's stage: `python stage_hand.py DATA_DIR`, then an act a line: `set`, `add`, `leak`, `join CODE`.

Each is answered by one line of JSON. One process for all of them: to load the hub costs more than any act.
"""

import json
import os
import sys
from pathlib import Path


def main() -> None:
    """Do each act on the hub's folder; the stage imports models, so Django gets the folder first."""
    from custodes.hub import boot

    folder = Path(sys.argv[1])
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    boot.django_on(folder)
    import stage

    for line in sys.stdin:
        act, *more = line.split()
        if act == "join":
            said = {"unit": stage.join(more[0])}
        elif act == "add":
            said = {"clip": stage.add_clip(folder)}
        elif act == "leak":
            said = stage.add_leaking_clip(folder)
        else:
            said = stage.set_stage(folder)
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
