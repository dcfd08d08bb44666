from django.db import migrations, models

from viewer import names


def fill(apps, schema_editor):
    patients = apps.get_model("viewer", "Patient").objects
    for patient in patients.only("pk", "name").iterator(chunk_size=1000):
        patients.filter(pk=patient.pk).update(
            name_order=names.order(patient.name), swedish_order=names.order(patient.name, swedish=True)
        )


class Migration(migrations.Migration):
    dependencies = [("viewer", "0010_measured_of_whom")]
    operations = [
        migrations.AddField("patient", "name_order", models.TextField(blank=True)),
        migrations.AddField("patient", "swedish_order", models.TextField(blank=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
