"""A command that was typed wrong: one line that says what, and where its help is."""

from pydantic import ValidationError
from typer.exceptions import TyperException

from custodes.core.said_plainly import fault_of


def line_of(error: TyperException) -> str:
    """Return what is wrong with a call, in one line; empty where its help stands on the screen already."""
    said = _fault(error)
    context = getattr(error, "ctx", None)
    return f"{said} See '{context.command_path} --help'." if said and context is not None else said


def _fault(error: TyperException) -> str:
    cause, param = error.__cause__, getattr(error, "param", None)
    if isinstance(cause, ValidationError) and param is not None:
        found = cause.errors()[0]
        name = param.get_error_hint().replace("'", "")
        return f"{name} {str(found['input'])[:60]!r} {fault_of(found)}."
    said = " ".join(error.format_message().split())
    return f"{said[:1].lower()}{said[1:].rstrip('.')}." if said else ""
