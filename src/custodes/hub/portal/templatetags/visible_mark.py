"""What the player writes over a film: who watches, in which view. How plainly, the organisation says for each role."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from custodes.hub.access.models import View
from custodes.hub.fleet.models import Organisation, Person

register = template.Library()

SHORT_ID = 8
OPACITY = {
    Organisation.MarkStrength.OFF: 0.0,
    Organisation.MarkStrength.FAINT: 0.14,
    Organisation.MarkStrength.CLEAR: 0.26,
    Organisation.MarkStrength.STRONG: 0.45,
}


@register.simple_tag
def visible_mark(view: View, person: Person) -> SafeString:
    """Return the attributes by which the player draws the visible mark of a view."""
    strength = getattr(view.clip.site.organisation, f"mark_{view.role}", Organisation.MarkStrength.CLEAR)
    return format_html(
        'data-mark-who="{}" data-mark-view="{}" data-mark-opacity="{}"',
        person.display_name or person.email,
        str(view.pk)[:SHORT_ID],
        OPACITY.get(strength, OPACITY[Organisation.MarkStrength.CLEAR]),
    )
