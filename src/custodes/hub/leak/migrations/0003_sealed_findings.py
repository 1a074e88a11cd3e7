"""Findings bear the hub's seal; those that stand are sealed as they stand."""

from django.db import migrations, models


def seal_what_stands(apps, schema_editor):
    """Seal the findings of leaks that are still kept."""
    from custodes.hub.leak.sealing import seal_of

    for row in apps.get_model("leak", "LeakFinding").objects.iterator():
        row.seal = seal_of(row)
        row.save(update_fields=["seal"])


class Migration(migrations.Migration):
    """Add the seal."""

    dependencies = [("leak", "0002_canaries")]

    operations = [
        migrations.AddField(
            model_name="leakfinding",
            name="seal",
            field=models.CharField(default="", max_length=64),
        ),
        migrations.RunPython(seal_what_stands, migrations.RunPython.noop),
    ]
