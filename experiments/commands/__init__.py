"""Subcommands of ``andraeusctl``: each module adds its own to the parser and does the work."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

# Characters a line that no terminal breaks.
_WIDE = 200


def wide_console() -> "Console":
    """Return a console for tables, which what is piped to another program or a file does not fold."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
