"""Tell the person in place, at once: console line, sound, log, webhook."""

from custodes.edge.alert.alerter import Alerter
from custodes.edge.alert.settings import AlertSettings, WebhookSettings

__all__ = ["AlertSettings", "Alerter", "WebhookSettings"]
