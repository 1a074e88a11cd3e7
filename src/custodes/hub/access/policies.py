"""The Cedar policies: read from files, checked against the schema, or the hub does not start."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cedarpy

from custodes.core.errors import BadInput

POLICY_DIR = Path(__file__).parent / "policies"
SCHEMA_FILE = "custodes.cedarschema"
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule: where it stands, what it does, and what it says to people."""

    policy_id: str
    effect: str
    says: Mapping[str, str]
    """Language code -> sentence."""
    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policies answer to one request, and which of them decided."""

    allowed: bool
    policy_ids: tuple[str, ...]


class PolicyBook:
    """A checked set of policies, parsed once."""

    def __init__(self, policies: Sequence[Policy], schema_text: str) -> None:
        self.policies = {policy.policy_id: policy for policy in policies}
        self._schema = cedarpy.Schema.from_str(schema_text)
        self._set = cedarpy.PolicySet.from_str("\n".join(policy.text for policy in policies))

    def ask(self, requests: Sequence[Mapping[str, object]], entities: Sequence[Mapping[str, object]]) -> list[Verdict]:
        """Return the verdict on each Cedar request. A policy that errs counts against the request."""
        answers = cedarpy.is_authorized_batch(
            [dict(request) for request in requests], self._set, json.dumps(list(entities)), self._schema
        )
        verdicts = []
        for answer in answers:
            ids = answer.diagnostics.id_annotations_by_reason
            names = tuple(sorted(ids.get(reason, reason) for reason in answer.diagnostics.reasons))
            verdicts.append(Verdict(allowed=answer.allowed and not answer.diagnostics.errors, policy_ids=names))
        return verdicts

    def says(self, policy_id: str, language: str = "en") -> str:
        """Return what a policy says to people, in `language` where it has it, else in English."""
        policy = self.policies.get(policy_id)
        if policy is None:
            return ""
        return policy.says.get(language, policy.says["en"])


@lru_cache(maxsize=1)
def book() -> PolicyBook:
    """Return the hub's policies. Raises BadInput naming file and line when one of them is wrong."""
    return load_book(POLICY_DIR)


def load_book(folder: Path) -> PolicyBook:
    """Read and check every `*.cedar` in `folder` against its schema.

    Raises BadInput, one line with file and line number: bad syntax, a name that the schema does not have, a policy
    without `@id` or `@says`, an id used twice.
    """
    schema_path = folder / SCHEMA_FILE
    try:
        schema_text = schema_path.read_text(encoding="utf-8")
        cedarpy.Schema.from_str(schema_text)
    except FileNotFoundError:
        raise BadInput(f"{schema_path}: missing. Reinstall Custodes.") from None
    except ValueError as error:
        raise BadInput(f"{schema_path}: {_one_line(error)}") from None
    policies: dict[str, Policy] = {}
    for path in sorted(folder.glob("*.cedar")):
        for line, text in split(path.read_text(encoding="utf-8")):
            policy = _checked(path, line, text, schema_text)
            if policy.policy_id in policies:
                first = policies[policy.policy_id]
                raise BadInput(
                    f"{path}:{line}: @id({policy.policy_id!r}) is used in {first.file}:{first.line} already. Rename it."
                )
            policies[policy.policy_id] = policy
    if not policies:
        raise BadInput(f"{folder}: no policies (*.cedar). Nobody could see anything.")
    return PolicyBook(list(policies.values()), schema_text)


def split(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line number, text) of each policy in a file; comments before a policy are left out."""
    start = 0
    for token in _TOKEN.finditer(text):
        if token.group() == ";":
            yield _without_lead(text, start, token.end())
            start = token.end()
    line, rest = _without_lead(text, start, len(text))
    if rest:
        yield line, rest


def _without_lead(text: str, start: int, stop: int) -> tuple[int, str]:
    while True:
        lead = re.compile(r"\s+|//[^\n]*").match(text, start, stop)
        if lead is None:
            return text.count("\n", 0, start) + 1, text[start:stop].rstrip()
        start = lead.end()


def _checked(path: Path, line: int, text: str, schema_text: str) -> Policy:
    where = f"{path}:{line}"
    result = cedarpy.validate_policies(text, schema_text)
    if not result.validation_passed:
        raise BadInput(f"{where}: {_one_line(result.errors[0].error)}")
    parsed = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    if len(parsed) != 1:
        raise BadInput(f"{where}: expected one policy here.")
    (policy,) = parsed.values()
    annotations = policy.get("annotations", {})
    for name in ("id", "says"):
        if not annotations.get(name):
            raise BadInput(f'{where}: the policy has no @{name}("…"). Add it: decisions are explained by it.')
    says = {"en": annotations["says"]}
    says.update({key.removeprefix("says_"): value for key, value in annotations.items() if key.startswith("says_")})
    return Policy(policy_id=annotations["id"], effect=policy["effect"], says=says, file=path.name, line=line, text=text)


def _one_line(error: object) -> str:
    return " ".join(str(error).split())
