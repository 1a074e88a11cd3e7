"""What other apps may want to know of consent, without `consent` knowing them."""

from django.dispatch import Signal

withdrawn = Signal()
"""Sent inside the transaction in which a yes ends: `person_id: UUID`, `organisation_id: UUID`, `topic: Topic`.

Receivers empty queues and end shares there and then: the withdrawal and what follows from it are one act.
"""
