"""Phrases are read again by the reconciler: the bar from which an article is about one has moved."""

from django.db import migrations


def forget_places(apps, schema_editor):
    apps.get_model("topics", "Phrase").objects.update(placed_at=None, vector=None)


class Migration(migrations.Migration):
    dependencies = [("topics", "0002_phrase_words")]
    operations = [migrations.RunPython(forget_places, migrations.RunPython.noop)]
