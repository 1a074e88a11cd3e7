"""Read cameras and films: packets with their times, and pictures as few as needed."""

from custodes.core.packets import StampedPacket, StreamFacts, StreamTemplate
from custodes.edge.capture.decoder import DecodeMode, Decoder
from custodes.edge.capture.notices import ClockJump, Notice, PacketsSkipped, SourceBack, SourceLost
from custodes.edge.capture.picture import DecodedPicture
from custodes.edge.capture.settings import LensSource
from custodes.edge.capture.source import Source, open_source

__all__ = [
    "ClockJump",
    "DecodeMode",
    "DecodedPicture",
    "Decoder",
    "LensSource",
    "Notice",
    "PacketsSkipped",
    "Source",
    "SourceBack",
    "SourceLost",
    "StampedPacket",
    "StreamFacts",
    "StreamTemplate",
    "open_source",
]
