"""Keep which entry says whose a drive is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("driving", "0005_driver_identity")]
    operations = [migrations.AddField("trip", "whose_seq", models.BigIntegerField(null=True))]
