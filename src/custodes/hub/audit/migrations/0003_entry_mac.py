from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0002_last_wall_ns"),
    ]

    operations = [
        migrations.AddField(
            model_name="ledgerleaf",
            name="mac",
            field=models.BinaryField(max_length=32, null=True),
        ),
    ]
