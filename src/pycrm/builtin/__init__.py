"""Our own field kinds and nouns, written as plugins: ``kinds/ parties/ activities/ products/ sales/``.

They use `pycrm.plugin` and nothing deeper, as a plugin from outside does. No other room imports this one but the
doorway `pycrm.field`; `app.py` knows the packages by name only.
"""

__all__: list[str] = []
