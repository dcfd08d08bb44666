"""The reading roles may claim exams and measure; before, their permits only said that they may see."""

from django.db import migrations

ACTIONS = {
    "radiologist": " view read mark ",
    "pathologist": " view read mark ",
    "chair": " view read mark ",
    "technologist": " view mark ",
}


def widen(apps, schema_editor):
    permits = apps.get_model("viewer", "Permit").objects.filter(reason="role", actions=" view ")
    for name, actions in ACTIONS.items():
        permits.filter(role__name=name).update(actions=actions)


class Migration(migrations.Migration):
    dependencies = [("viewer", "0006_jobs_and_measurements"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(widen, migrations.RunPython.noop)]
