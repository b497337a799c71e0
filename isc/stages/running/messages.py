"""What is told of an error: one line, file names but no paths."""

from pathlib import Path


def one_line(error: Exception) -> str:
    """Message of an error that a person at the keyboard can act on.

    Parameters
    ----------
    error : Exception

    Returns
    -------
    str
        One line. An error of the operating system names the file without its folders: logs are shared.

    Examples
    --------
    >>> one_line(FileNotFoundError(2, "No such file or directory", "some/folder/film.mp4"))
    'film.mp4: No such file or directory'
    """
    if isinstance(error, OSError) and error.filename is not None:
        return f"{Path(str(error.filename)).name}: {error.strerror}"
    return " ".join(str(error).split())
