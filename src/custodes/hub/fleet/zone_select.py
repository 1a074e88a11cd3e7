"""The time zones that a form offers."""

import os
import zoneinfo
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

ZONES = tuple(sorted(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC"))
_KNOWN = frozenset(ZONES)
CHOICES = tuple((zone, zone.replace("_", " ")) for zone in ZONES)
OPTIONS = format_html_join("", '<option value="{}">{}</option>', CHOICES)
"""Written once a process: some 600 options took a seventh of the settings page's time."""


def zone_of_host(link: Path = Path("/etc/localtime"), environment: Mapping[str, str] = os.environ) -> str:
    """Return the zone that this machine's clock shows, or UTC where it does not tell a name that forms offer."""
    name = environment.get("TZ", "").lstrip(":") or str(link.resolve()).partition("zoneinfo/")[2]
    return name if name in ZONES and not name.startswith("Etc/") else "UTC"


class ZoneSelect(forms.Select):
    """A list of some hundred options, headed by the chosen one, which alone is written anew."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Return the list, the present zone chosen."""
        chosen = value or ""
        first = [(zone, label) for zone, label in self.choices if zone not in _KNOWN]
        first += [(zone, label) for zone, label in CHOICES if zone == chosen]
        before = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((zone, " selected" if zone == chosen else "", label) for zone, label in first),
        )
        return format_html(
            "<select{}>{}{}</select>",
            flatatt(self.build_attrs(self.attrs, {"name": name, **(attrs or {})})),
            before,
            OPTIONS,
        )
