"""The command line: arguments in, exit code out. Each sub-command has a module of its own.

Exit codes: 0 done, 1 the sweep was aborted, 2 a mistake of the user's, 130 interrupted.
"""

from sweeper.cli.app import main

__all__ = ["main"]
