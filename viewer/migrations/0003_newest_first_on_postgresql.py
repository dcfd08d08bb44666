"""On PostgreSQL, descending order puts empty values first unless the index says otherwise; SQLite has them last."""

from django.db import migrations

INDEXES = {
    "study_newest_first_pg": "(study_datetime DESC NULLS LAST, id DESC)",
    "study_kind_newest_first_pg": "(quality_control, study_datetime DESC NULLS LAST, id DESC)",
}


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name, columns in INDEXES.items():
            schema_editor.execute(f"CREATE INDEX {name} ON viewer_study {columns}")


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in INDEXES:
            schema_editor.execute(f"DROP INDEX {name}")


class Migration(migrations.Migration):
    dependencies = [("viewer", "0002_quality_control_index")]
    operations = [migrations.RunPython(make, drop)]
