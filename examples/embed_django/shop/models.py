"""The shop's own table, `Order`, and the CRM's accounts, mapped to be read and to be referred to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models


class RecordId(models.Field):
    """The id of a CRM record: a uuid on PostgreSQL, 16 bytes on SQLite, where Django's own UUIDField is text."""

    def db_type(self, connection: Any) -> str:
        """Return the type of the column."""
        return "uuid" if connection.vendor == "postgresql" else "blob"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Return what the driver takes."""
        if value is None:
            return None
        value = value if isinstance(value, UUID) else UUID(str(value))
        return value if connection.vendor == "postgresql" else value.bytes

    def from_db_value(self, value: Any, *_: Any) -> UUID | None:
        """Return the UUID of what the driver gave."""
        return value if value is None or isinstance(value, UUID) else UUID(bytes=value)


class CrmAccount(models.Model):
    """An account, to read. Django neither creates its table nor changes it; writing goes through the CRM."""

    id = RecordId(primary_key=True)
    number = models.TextField()
    name = models.TextField()
    country = models.TextField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        """Django leaves the table alone."""

        managed = False
        db_table = "crm_account"

    def save(self, *args: Any, **options: Any) -> None:
        """Refuse."""
        raise TypeError("accounts are written through `shop.crm.acting_as`")

    delete = save  # type: ignore[assignment]


class Order(models.Model):
    """An order in the shop, of an account in the CRM."""

    reference = models.CharField(max_length=40, unique=True)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    account = models.ForeignKey(CrmAccount, on_delete=models.PROTECT)
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
