"""Plugins that misbehave once they are armed; nothing that they do may reach beyond their unit or savepoint."""
