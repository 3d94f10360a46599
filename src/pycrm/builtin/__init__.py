"""Our own nouns, written as plugins: ``parties/ activities/ products/ sales/``, one package each.

They use `pycrm.plugin` and nothing deeper, as a plugin from outside does. No other room imports this one; `app.py`
knows the packages by name only.
"""

__all__: list[str] = []
