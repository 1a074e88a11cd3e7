"""From the unit's disk to the hub: sealed outbox, signed and resumable upload, heartbeats, the ledger's witness."""

from custodes.edge.ship.enrolment import Enrolment, enroll, load_enrolment, move
from custodes.edge.ship.outbox import Outbox
from custodes.edge.ship.settings import ShipSettings
from custodes.edge.ship.shipper import Shipper, UnitHealth
from custodes.edge.ship.sign_on_box import SignOnBox
from custodes.edge.ship.trip_box import TripBox

__all__ = [
    "Enrolment",
    "Outbox",
    "ShipSettings",
    "Shipper",
    "SignOnBox",
    "TripBox",
    "UnitHealth",
    "enroll",
    "load_enrolment",
    "move",
]
