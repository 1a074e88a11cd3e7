"""Decide what matters: pure state machines over observations, samples, marks and ticks."""

from custodes.edge.decide import kinds
from custodes.edge.decide.decider import Decider, alert_for
from custodes.edge.decide.inputs import Input, LensInterrupted, TelemetryInterrupted, Tick
from custodes.edge.decide.rule import KINDS, NewId, Rule, RuleSettings, id_source, parse_rule

kinds.load_all()

__all__ = [
    "KINDS",
    "Decider",
    "Input",
    "LensInterrupted",
    "NewId",
    "Rule",
    "RuleSettings",
    "TelemetryInterrupted",
    "Tick",
    "alert_for",
    "id_source",
    "parse_rule",
]
