from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("viewer", "0004_doubtful_files")]
    operations = [
        migrations.AddIndex(
            "patient", models.Index(fields=["fold"], name="patient_fold", opclasses=["text_pattern_ops"])
        ),
    ]
