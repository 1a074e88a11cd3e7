"""A unit's request and the hub's answer, apart from any web framework."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from custodes.core.errors import CustodesError
from custodes.core.wire import Problem

JSON = "application/json"


@dataclass(slots=True)
class Proof:
    """The nonce of a request whose signature was good; empty until then."""

    nonce: str = ""


@dataclass(frozen=True, slots=True)
class UnitRequest:
    """Everything of a request but its body. Header names are lower case; `address` is the sender's IP."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: str = ""
    address: str | None = None
    proof: Proof = field(default_factory=Proof, compare=False)
    """Filled in by whoever checks the signature."""

    @property
    def authority(self) -> str:
        """The Host header."""
        return self.headers.get("host", "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Refusal(CustodesError):
    """A refusal with its status: becomes a Problem that says what to do. `retry`: the sender should come back."""

    def __init__(
        self, status: int, code: str, message: str, *, retry: bool = False, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry = retry
        self.headers = dict(headers or {})

    def answer(self) -> Answer:
        """Return the refusal as an answer with a Problem body."""
        problem = Problem(error=self.code, message=str(self), retry=self.retry)
        headers = {"content-type": JSON, **self.headers}
        if self.retry:
            headers.setdefault("retry-after", "5")
        return Answer(self.status, headers, problem.model_dump_json().encode())


def json_answer(model: BaseModel, *, status: int = 200) -> Answer:
    """Return a wire model as an answer."""
    return Answer(status, {"content-type": JSON}, model.model_dump_json().encode())


def not_found() -> Refusal:
    """Return the 404 that missing and foreign things share."""
    return Refusal(404, "not_found", "there is no such thing here for this unit")
