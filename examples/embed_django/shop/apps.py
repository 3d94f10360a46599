"""The shop as an app of Django."""

from django.apps import AppConfig
from django.db.models.signals import pre_migrate


class ShopConfig(AppConfig):
    """Has `manage.py migrate` migrate the CRM first."""

    name = "shop"

    def ready(self) -> None:
        """Connect once Django is loaded."""
        from shop.crm import migrate_crm

        pre_migrate.connect(migrate_crm, sender=self)
