"""The words that people read for topics and answers."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from custodes.hub.consent.topics import Topic

TOPICS: dict[str, str | Promise] = {
    Topic.OWN: pgettext_lazy("purpose", "my own footage"),
    Topic.INCIDENT: pgettext_lazy("purpose", "incident"),
    Topic.COACHING: pgettext_lazy("purpose", "coaching"),
    Topic.TROUBLESHOOTING: pgettext_lazy("purpose", "troubleshooting"),
    Topic.REVIEW: pgettext_lazy("purpose", "review"),
    Topic.SUBJECT_REQUEST: pgettext_lazy("purpose", "request of the recorded person"),
    Topic.LEAK_CASE: pgettext_lazy("purpose", "leak case"),
    Topic.TRAINING: pgettext_lazy("purpose", "training"),
    Topic.BIOMETRICS: _("recognition by face"),
}


def topic_words(topic: str) -> str:
    """Return what people call a topic."""
    return str(TOPICS.get(topic, topic))
