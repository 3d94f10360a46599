"""The command line: ``pycrm``. One file per family of commands; `main` puts them together.

It talks to the CRM as any host does: opens it, acts as a principal, goes through the door. Imports everything below.
"""

from pycrm.cli.main import main

__all__ = ["main"]
