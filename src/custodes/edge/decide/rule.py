"""The frame that every kind of rule fits: its settings, its pure step, its words."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

from custodes.core.errors import BadInput
from custodes.core.registry import Registry
from custodes.core.types import Event, EventUpdate, ObjectClass, Severity
from custodes.edge.decide.inputs import Input

NewId: TypeAlias = Callable[[], str]


class RuleSettings(BaseModel):
    """What every rule can be told in its `[[rule]]` table. A kind extends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(description="Which kind of rule this is.")
    name: str = Field(
        default="",
        max_length=200,
        description="What events of this rule are called; empty: a sentence made from the settings.",
    )
    severity: Severity = Field(default=Severity.WARNING, description="How grave its events are.")
    alert: bool = Field(default=True, description="Whether an event alerts the person in place.")
    clip: bool = Field(default=True, description="Whether an event cuts a clip.")

    def label(self) -> str:
        """Return the name, or a sentence made from the settings."""
        return self.name or self.kind


C = TypeVar("C", bound=RuleSettings)
S = TypeVar("S")


class Rule(ABC, Generic[C, S]):
    """One rule. Holds its settings and nothing that changes: all memory is in the state that `step` passes on."""

    settings_model: ClassVar[type[RuleSettings]]
    trial: ClassVar[bool] = False
    """On trial: its precision on film has passed no gate, so its events are shown and count for no score."""
    needs: ClassVar[frozenset[ObjectClass]] = frozenset()
    """What the detector must know beside the usual, for not every one does; without it nothing is ever told."""

    def __init__(self, settings: C) -> None:
        self.settings = settings

    @abstractmethod
    def start(self) -> S:
        """Return the state before anything was seen."""

    @abstractmethod
    def step(self, state: S, seen: Input, *, new_id: NewId) -> tuple[S, tuple[EventUpdate, ...]]:
        """Return the next state and what began or ended. Pure but for `new_id`: same input, same answer."""

    @staticmethod
    @abstractmethod
    def sentence(event: Event) -> str:
        """Return what to tell the person in place, in a few words."""

    def standing(self, state: S) -> Mapping[str, str]:
        """Return what there is to say of each lens beside events, by the lens's name; most kinds say nothing."""
        del state
        return {}

    def onset(self, event: Event) -> EventUpdate:
        """Return the update that says that `event` began."""
        return EventUpdate("onset", event, raises_alert=self.settings.alert, cuts_clip=self.settings.clip)

    def end(self, event: Event) -> EventUpdate:
        """Return the update that says that `event` ended. An end never alerts."""
        return EventUpdate("end", event, raises_alert=False, cuts_clip=self.settings.clip)


KINDS: Registry[type[Rule[Any, Any]]] = Registry("kind of rule")


def parse_rule(table: Mapping[str, Any]) -> RuleSettings:
    """Return the settings of the kind that `table["kind"]` names.

    Raises BadInput when the kind is missing or unknown, and pydantic's ValidationError when a value is wrong.
    """
    kind = table.get("kind")
    if not isinstance(kind, str):
        raise BadInput(f"a rule needs a kind. Known: {', '.join(KINDS)}.")
    return KINDS.get(kind).settings_model.model_validate(dict(table))


def id_source(random: Random | None = None) -> NewId:
    """Return a maker of event ids (UUID, version 4): from the system's randomness, or from a seeded `random`."""
    if random is None:
        return lambda: str(uuid4())
    return lambda: str(UUID(int=random.getrandbits(128), version=4))
