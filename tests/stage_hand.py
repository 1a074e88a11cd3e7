"""Set a running hub's stage: `python stage_hand.py set|add|join|leak DATA_DIR [CODE]`. Prints one JSON object."""

import json
import os
import sys
from pathlib import Path


def main() -> None:
    """Do one act on the hub's folder; the stage imports models, so Django gets the folder first."""
    from custodes.hub import boot

    act, folder = sys.argv[1], Path(sys.argv[2])
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    boot.django_on(folder)
    import stage

    if act == "join":
        said = {"unit": stage.join(sys.argv[3])}
    elif act == "add":
        said = {"clip": stage.add_clip(folder)}
    elif act == "leak":
        said = stage.add_leaking_clip(folder)
    else:
        said = stage.set_stage(folder)
    print(json.dumps(said))


if __name__ == "__main__":
    main()
