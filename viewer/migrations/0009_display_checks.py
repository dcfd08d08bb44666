import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('viewer', '0008_archives_added_here'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DisplayCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workstation', models.UUIDField()),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('screen_width', models.PositiveIntegerField()),
                ('screen_height', models.PositiveIntegerField()),
                ('device_pixel_ratio', models.FloatField()),
                ('colour_depth', models.PositiveSmallIntegerField()),
                ('mm_per_px', models.FloatField(null=True)),
                ('answers', models.JSONField()),
                ('passed', models.BooleanField()),
                ('remark', models.CharField(blank=True, max_length=500)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['workstation', 'at'], name='display_checks_of_workstation')],
            },
        ),
    ]
