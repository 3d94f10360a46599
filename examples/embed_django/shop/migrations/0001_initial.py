"""The shop's order. The CRM's account is there for the foreign key; Django does not create its table."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import shop.models


class Migration(migrations.Migration):
    """The first tables."""

    initial = True
    dependencies: ClassVar = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations: ClassVar = [
        migrations.CreateModel(
            name="CrmAccount",
            fields=[
                ("id", shop.models.RecordId(primary_key=True, serialize=False)),
                ("number", models.TextField()),
                ("name", models.TextField()),
                ("country", models.TextField(null=True)),
                ("deleted_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "crm_account", "managed": False},
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(max_length=40, unique=True)),
                ("total", models.DecimalField(decimal_places=2, max_digits=12)),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="shop.crmaccount"),
                ),
                (
                    "taken_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
    ]
