"""Runs CGI scripts in this process."""

from os import PathLike

__all__ = ["CGIError", "RunCGI"]

class CGIError(Exception):
    """The output of a script is no CGI response."""

def RunCGI(path: str | PathLike[str]) -> None:
    """Answers the current request with a CGI script, which is run as ``__main__``.

    One script runs at a time; others wait. Raises what the script raised, ``CGIError`` where its
    output is no response, and ``RuntimeError`` where a CGI script calls this.
    """
