"""The walls behind the door: what keeps SQL that others run on our connections away from our tables.

`mentions` finds the tables that a text of SQL names, `tripwire` refuses it if one of them is ours, the `watched_…`
modules have each driver's cursors ask it, and `authorizer` is SQLite's own judge of what is not seen in the text.
Imports nothing else of the storage room.
"""
