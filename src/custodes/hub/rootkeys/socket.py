"""The root key in another process, beyond a Unix socket: this hub asks it to wrap and to unwrap, and never sees it.

One connection a question, one line of JSON each way:
`{"verb": "wrap", "key": NAME, "plain": B64, "bound": B64}` → `{"wrapped": B64}`,
`{"verb": "unwrap", "key": NAME, "wrapped": B64, "bound": B64}` → `{"plain": B64}`, or `{"refused": WHY}`.
An adapter of a few lines puts any key service behind it. What comes back is held to what was asked.
"""

import base64
import json
import socket
from pathlib import Path

from custodes.core.errors import BadInput, Corrupt
from custodes.hub.config import HubSettings
from custodes.hub.rootkeys.port import RootKeyAway, root_keys

ANSWER_WITHIN_S = 5.0
MAX_ANSWER_BYTES = 64 * 1024


@root_keys.register("socket")
class SocketRootKey:
    """A key service that listens at `keys.socket` and knows a key called `keys.name`."""

    def __init__(self, hub: HubSettings) -> None:
        if hub.keys.socket is None:
            raise BadInput("keys.socket: missing. Name the Unix socket at which the key service listens.")
        self._path: Path = hub.keys.socket
        self._name = hub.keys.name

    def wrap(self, plain: bytes, bound: bytes) -> bytes:
        """Return `plain` wrapped by the service. See `RootKey.wrap`."""
        return self._asked("wrap", "plain", plain, bound, wanted="wrapped")

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """Return what the service unwraps. See `RootKey.unwrap`."""
        return self._asked("unwrap", "wrapped", wrapped, bound, wanted="plain")

    def _asked(self, verb: str, name: str, content: bytes, bound: bytes, *, wanted: str) -> bytes:
        question = {"verb": verb, "key": self._name, name: _text(content), "bound": _text(bound)}
        answer = self._exchange(json.dumps(question).encode() + b"\n")
        try:
            fields = json.loads(answer)
            if "refused" in fields:
                raise Corrupt(f"the key service at {self._path} refused to {verb}: {str(fields['refused'])[:200]}")
            return base64.b64decode(fields[wanted], validate=True)
        except (ValueError, KeyError, TypeError):
            raise RootKeyAway(f"the key service at {self._path} answers what is no answer. Look at its log.") from None

    def _exchange(self, question: bytes) -> bytes:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(ANSWER_WITHIN_S)
                line.connect(str(self._path))
                line.sendall(question)
                pieces: list[bytes] = []
                while not (pieces and pieces[-1].endswith(b"\n")) and sum(map(len, pieces)) < MAX_ANSWER_BYTES:
                    piece = line.recv(4096)
                    if not piece:
                        break
                    pieces.append(piece)
        except OSError as error:
            why = error.strerror or error
            raise RootKeyAway(
                f"the key service at {self._path} does not answer ({why}). Start it; nothing is lost."
            ) from error
        return b"".join(pieces)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
