"""How one process takes a mutant over, watches a test, and does either in a fork of itself."""

import ast
import builtins
import gc
import json
import os
import signal
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.mutants import GUARDED, PACKAGE, POLICIES, ROOT, Mutant

KEPT = ROOT / "build" / "mutants"
FILES = {str(PACKAGE / path): path for path in GUARDED}
MET = "__custodes_met__"
"""A built-in name, while a test is watched: the set of guarded functions that it entered."""


class Met:
    """Watches one test: which guarded functions it enters, and what it asks the policies."""

    def __init__(self) -> None:
        self.functions: set[str] = set()
        self.actions: set[str] = set()
        self.rules: set[str] = set()

    def __enter__(self) -> None:
        from custodes.hub.access.policies import PolicyBook

        forget_answers()
        self._ask = real = PolicyBook.ask

        def ask(book: PolicyBook, requests: Any, entities: Any) -> Any:
            verdicts = real(book, requests, entities)
            self.actions.update(request["action"]["id"] for request in requests)
            self.rules.update(name for verdict in verdicts for name in verdict.policy_ids)
            return verdicts

        setattr(PolicyBook, "ask", ask)  # noqa: B010  # a method of the class, for a while
        setattr(builtins, MET, self.functions)

    def __exit__(self, *_: object) -> None:
        from custodes.hub.access.policies import PolicyBook

        setattr(builtins, MET, set())
        setattr(PolicyBook, "ask", self._ask)  # noqa: B010


def watch_functions() -> None:
    """Let each guarded function of this process say when it is entered."""
    setattr(builtins, MET, set())
    telling: dict[str, types.CodeType] = {}
    for file in FILES:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
        names = _functions(compile(tree, file, "exec"))
        by_line = {code.co_firstlineno: name for name, code in names.items() if not code.co_name.startswith("<")}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
                said = ast.parse(f"{MET}.add({by_line[first]!r})").body[0]
                for inside in ast.walk(said):
                    ast.copy_location(inside, node)
                node.body.insert(1 if ast.get_docstring(node) else 0, said)
        telling |= _functions(compile(tree, file, "exec"))
    _swap(telling)


def _swap(codes: dict[str, types.CodeType]) -> None:
    """Give every living function its new code, by file, name and line."""
    gc.unfreeze()  # what the tests' own set-up froze is not among the objects otherwise
    for thing in gc.get_objects():
        if isinstance(thing, types.FunctionType) and thing.__code__.co_filename in FILES:
            code = codes.get(_name(thing.__code__))
            if code is not None:
                thing.__code__ = code


def changed_by(mutant: Mutant) -> dict[str, types.CodeType]:
    """Return the functions whose code a mutant of a Python module changes."""
    file = str(PACKAGE / mutant.path)
    if mutant.tree is None:
        return {}
    honest = _functions(compile((PACKAGE / mutant.path).read_text(encoding="utf-8"), file, "exec"))
    mutated = _functions(compile(mutant.tree, file, "exec"))
    return {name: code for name, code in mutated.items() if code != honest.get(name)}


def _functions(code: types.CodeType) -> dict[str, types.CodeType]:
    found = {}
    for inside in code.co_consts:
        if isinstance(inside, types.CodeType):
            found[_name(inside)] = inside
            found |= _functions(inside)
    return found


def _name(code: types.CodeType) -> str:
    return f"{FILES.get(code.co_filename, code.co_filename)}:{code.co_qualname}:{code.co_firstlineno}"


def take_over(mutant: Mutant) -> None:
    """Let this process run the mutant: its functions take the new code, or the policies are read from a new folder."""
    from custodes.hub.access import policies

    forget_answers()
    if mutant.tree is not None:
        _swap(changed_by(mutant))
        return
    folder = KEPT / f"policies-{os.getpid()}"
    folder.mkdir(parents=True)
    for file in (PACKAGE / POLICIES).iterdir():
        text = mutant.text if file.name == Path(mutant.path).name else file.read_text(encoding="utf-8")
        (folder / file.name).write_text(text, encoding="utf-8")
    policies.POLICY_DIR = folder


def forget_answers() -> None:
    """Empty every cache of answers about access."""
    for name, module in list(sys.modules.items()):
        if name.startswith("custodes.hub.access"):
            for thing in vars(module).values():
                if hasattr(thing, "cache_clear"):
                    thing.cache_clear()


def in_fork(run: Callable[[], dict[str, Any]], *, seconds: int) -> dict[str, Any] | None:
    """Return what `run` gives in a fork of this process; None: it ended otherwise, or took too long."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        signal.alarm(seconds)
        try:
            with os.fdopen(writer, "w") as pipe:
                json.dump(run(), pipe)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    for left in (KEPT / f"policies-{pid}").glob("*"):
        left.unlink()
    if (KEPT / f"policies-{pid}").is_dir():
        (KEPT / f"policies-{pid}").rmdir()
    return json.loads(text) if text else None
