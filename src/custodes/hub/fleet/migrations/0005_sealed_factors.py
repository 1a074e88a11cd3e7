"""Seal the secrets of authenticator apps and recovery codes that lie in the clear."""

from django.db import migrations


def seal(apps, _schema):
    from custodes.hub.fleet.account_secrets import seal_fields

    for row in apps.get_model("mfa", "Authenticator").objects.exclude(type="webauthn"):
        row.data = seal_fields(row.data)
        row.save(update_fields=["data"])


class Migration(migrations.Migration):
    dependencies = [("fleet", "0004_visible_mark"), ("mfa", "0003_authenticator_type_uniq")]
    operations = [migrations.RunPython(seal, migrations.RunPython.noop, elidable=False)]
