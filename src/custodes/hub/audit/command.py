"""`custodes audit verify`: verify the ledger of a data folder, with or without a running hub."""

from pathlib import Path
from typing import TYPE_CHECKING

from custodes.core.errors import BadInput
from custodes.hub import boot
from custodes.hub.config import HubSettings

if TYPE_CHECKING:
    from custodes.hub.audit.report import Report


def verify_data_dir(data_dir: Path) -> "Report":
    """Verify the ledger that lies in `data_dir`. Raises BadInput when no hub lies there."""
    database = HubSettings(data_dir=data_dir).database_path
    if not database.is_file():
        raise BadInput(f"{data_dir}: no hub lies here (hub.sqlite3 is missing). Give its folder with --data.")
    boot.django_on(data_dir)
    from django.db import DatabaseError

    from custodes.hub.audit.verify import verify

    try:
        return verify()
    except DatabaseError as error:
        raise BadInput(f"{database}: cannot be read as the hub's database: {error}.") from error
