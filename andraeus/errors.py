"""The one exception a user is meant to read."""


class UserError(Exception):
    """Something the user can mend: one sentence saying what is wrong and what to do.

    The command-line programs print it without a traceback and exit with status 1.
    """
