from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="ledgerstate",
            name="last_wall_ns",
            field=models.BigIntegerField(default=0),
        ),
    ]
