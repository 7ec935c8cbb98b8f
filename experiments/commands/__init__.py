"""Subcommands of ``andraeusctl``: each module adds its own to the parser and does the work."""
