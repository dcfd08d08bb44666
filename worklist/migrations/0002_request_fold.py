from django.db import migrations, models

from viewer import names


def fill(apps, schema_editor):
    requests = apps.get_model("worklist", "Request").objects
    for request in requests.iterator():
        texts = [request.clinical_question, request.history, request.procedure]
        requests.filter(pk=request.pk).update(fold=f" {names.fold(' '.join(texts))} ")


class Migration(migrations.Migration):
    dependencies = [("worklist", "0001_initial")]
    operations = [
        migrations.AddField("request", "fold", models.TextField(blank=True, default="", editable=False)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField("request", "fold", models.TextField(blank=True, editable=False)),
    ]
