from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clips', '0011_masking'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='export',
            name='view_id',
        ),
        migrations.AlterField(
            model_name='export',
            name='id',
            field=models.UUIDField(editable=False, primary_key=True, serialize=False),
        ),
    ]
