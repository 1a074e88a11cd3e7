"""The words that scripts say, in the reader's language."""

from django.views.i18n import JavaScriptCatalog

catalogue = JavaScriptCatalog.as_view(domain="djangojs", packages=["custodes.hub.portal"])
