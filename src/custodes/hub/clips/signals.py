"""What other apps may want to know of clips, without `clips` knowing them."""

from django.dispatch import Signal

received = Signal()
"""Sent after the commit that made a clip durable; `clip_id: UUID`. May be lost in a crash: start-up scans for it."""
