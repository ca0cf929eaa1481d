from django.db import migrations, models


def _copy(apps, schema_editor):
    for name in ("Assignment", "ArticleTopic"):
        table = apps.get_model("topics", name)._meta.db_table
        schema_editor.execute(
            f"UPDATE {table} AS t SET sorted_at = a.sorted_at FROM articles_article AS a WHERE a.id = t.article_id"
        )


class Migration(migrations.Migration):
    atomic = False  # a table that was just filled cannot be altered in the same transaction

    dependencies = [
        ("articles", "0002_full_text_tries"),
        ("topics", "0003_phrases_read_again"),
    ]

    operations = [
        migrations.AddField("assignment", "sorted_at", models.DateTimeField(null=True)),
        migrations.AddField("articletopic", "sorted_at", models.DateTimeField(null=True)),
        migrations.RunPython(_copy, migrations.RunPython.noop),
        migrations.AlterField("assignment", "sorted_at", models.DateTimeField()),
        migrations.AlterField("articletopic", "sorted_at", models.DateTimeField()),
        migrations.AddIndex("assignment", models.Index(fields=["area", "-sorted_at"], name="assignment_newest")),
        migrations.AddIndex("articletopic", models.Index(fields=["topic", "-sorted_at"], name="article_topic_newest")),
    ]
