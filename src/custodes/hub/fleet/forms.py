"""The setup page's form."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from custodes.hub.fleet import zone_select
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.fleet.password_words import NoWordsOfThisHub
from custodes.hub.fleet.setup import FirstAdministrator


class SetupForm(forms.Form):
    """Who runs this hub, and what they run it for."""

    organisation_kind = forms.ChoiceField(
        label=_("What is it for?"), choices=Organisation.Kind.choices, widget=forms.RadioSelect
    )
    organisation_name = forms.CharField(label=_("Name of the company or household"), max_length=120)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zone_select.CHOICES,
        widget=zone_select.ZoneSelect,
        initial=zone_select.zone_of_host,
    )
    display_name = forms.CharField(label=_("Your name"), max_length=120)
    email = forms.EmailField(
        label=_("Your e-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("A password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. A sentence is good."),
    )

    def clean(self) -> dict[str, Any]:
        """Hold the password to the validators, with this person, their address and their organisation in mind."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "password" in cleaned:
            person = Person(email=cleaned.get("email", ""), display_name=cleaned.get("display_name", ""))
            try:
                password_validation.validate_password(cleaned["password"], person)
                NoWordsOfThisHub(cleaned.get("organisation_name", "")).validate(cleaned["password"], person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned

    def first_administrator(self) -> FirstAdministrator:
        """Return the checked answers."""
        return FirstAdministrator(**self.cleaned_data)
