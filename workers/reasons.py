"""Why something failed, as users are told. Pure."""

LONGEST = 200
"""Characters of a reason: texts of libraries may be pages, and a job's record is sent with each list."""


def brief(error: BaseException) -> str:
    """Return the first line of what the error says, cut to `LONGEST`."""
    lines = str(error).strip().splitlines()
    return lines[0][:LONGEST] if lines else type(error).__name__
