"""Write `hub/schema.sql`: what the migrations make of an empty database.

`python tools/schema.py` after a migration was added; `check` says whether the file is what the migrations make, and
is what the test runs.
"""

import os
import sqlite3
import sys
import tempfile

HEAD = "-- Written by tools/schema.py from the migrations: change them, not this.\n"
KINDS = ("table", "index", "trigger", "view")


def migrated() -> str:
    """Return the file as it ought to be."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CUSTODES_HUB_DATA_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "custodes.hub.settings"
        import django

        django.setup()
        from django.core.management import call_command
        from django.core.management.commands.migrate import Command
        from django.db import connection

        from custodes.hub.schema import MIGRATION

        call_command(Command(), verbosity=0, interactive=False, skip_checks=True)
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
            applied = cursor.fetchall()
        text = HEAD + "".join(f"{MIGRATION}{app} {name}\n" for app, name in applied) + statements(connection.connection)
        rows = ",\n".join(f"  ('{app}', '{name}', CURRENT_TIMESTAMP)" for app, name in applied)
        return f"{text}INSERT INTO django_migrations (app, name, applied) VALUES\n{rows};\n"


def statements(database: sqlite3.Connection) -> str:
    """Return what makes every table, index and trigger, each kind by name, as SQLite keeps it."""
    rows = database.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    )
    known = sorted(rows, key=lambda row: (KINDS.index(row[0]), row[1]))
    return "".join(f"{sql};\n" for _kind, _name, sql in known)


def main() -> int:
    """Write the file, or check it."""
    from custodes.hub.schema import FILE

    text = migrated()
    if sys.argv[1:] == ["check"]:
        if FILE.read_text(encoding="utf-8") == text:
            return 0
        print("hub/schema.sql is not what the migrations make: run `python tools/schema.py`.", file=sys.stderr)
        return 1
    FILE.write_text(text, encoding="utf-8")
    print(f"{FILE.name}: {text.count(chr(10))} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
