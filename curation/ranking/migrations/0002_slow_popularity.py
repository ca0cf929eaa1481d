from django.db import migrations, models
from django.db.models import F, Q


def _date(apps, schema_editor):
    apps.get_model("ranking", "Popularity").objects.update(slow_as_of=F("as_of"))


class Migration(migrations.Migration):
    atomic = False  # a table that was just filled cannot be altered in the same transaction

    dependencies = [("ranking", "0001_tables")]

    operations = [
        migrations.AddField("popularity", "demand", models.FloatField(default=0)),
        migrations.AddField("popularity", "reads", models.FloatField(default=0)),
        migrations.AddField("popularity", "satisfaction", models.FloatField(default=0)),
        migrations.AddField("popularity", "slow_as_of", models.DateTimeField(null=True)),
        migrations.RunPython(_date, migrations.RunPython.noop),
        migrations.AlterField("popularity", "slow_as_of", models.DateTimeField()),
        migrations.AddIndex(
            "popularity", models.Index(fields=["-clicks"], name="popular_now", condition=Q(clicks__gt=0))
        ),
        migrations.AddIndex(
            "popularity", models.Index(fields=["-demand"], name="popular_these_days", condition=Q(demand__gt=0))
        ),
    ]
