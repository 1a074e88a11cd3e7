"""The list of time zones: written once a process, the present one chosen, the machine's own proposed at first."""

from pathlib import Path

import pytest

from custodes.hub.fleet import zone_select
from custodes.hub.fleet.forms import SetupForm
from custodes.hub.portal.views.settings import PersonForm


@pytest.mark.parametrize("zone", ["Europe/Paris", "UTC", "America/Argentina/Buenos_Aires"])
def test_one_zone_is_chosen(zone: str) -> None:
    html = str(PersonForm(initial={"time_zone": zone})["time_zone"])
    assert html.count(" selected") == 1
    assert f'<option value="{zone}" selected>' in html
    assert html.count("<option") == len(zone_select.ZONES) + 2, "the chosen one heads the list, too"


@pytest.mark.parametrize("value", ["", 'Mars/"><script>', None])
def test_what_is_no_zone_chooses_nothing(value: str | None) -> None:
    html = zone_select.ZoneSelect(choices=zone_select.CHOICES).render("zone", value)
    assert " selected" not in html
    assert "<script>" not in html


def test_the_list_is_not_written_anew_for_each_page(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[object] = []
    plain = zone_select.format_html_join

    def counting(between: str, form: str, lines: object) -> object:
        kept = list(lines)  # type: ignore[call-overload]
        written.extend(kept)
        return plain(between, form, kept)

    monkeypatch.setattr(zone_select, "format_html_join", counting)
    zone_select.ZoneSelect(choices=[("", "none"), *zone_select.CHOICES]).render("zone", "Europe/Paris")
    assert len(written) == 2


@pytest.mark.parametrize(
    ("shown", "environment", "zone"),
    [
        ("zoneinfo/Europe/Paris", {}, "Europe/Paris"),
        ("zoneinfo/Etc/UTC", {}, "UTC"),
        ("elsewhere", {}, "UTC"),
        ("zoneinfo/Europe/Paris", {"TZ": ":America/New_York"}, "America/New_York"),
        ("zoneinfo/Europe/Paris", {"TZ": "CET-1CEST"}, "UTC"),
    ],
)
def test_the_machines_zone(tmp_path: Path, shown: str, environment: dict[str, str], zone: str) -> None:
    (tmp_path / "localtime").symlink_to(tmp_path / shown)
    assert zone_select.zone_of_host(tmp_path / "localtime", environment) == zone
    assert SetupForm.base_fields["time_zone"].initial is zone_select.zone_of_host
