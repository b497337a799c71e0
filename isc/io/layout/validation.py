"""The BIDS validator, where it is installed."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from isc.io.layout.names import BidsError

VALIDATOR = "bids-validator-deno"
MODULE = "bids_validator_deno"
SHOWN = 200  # characters of what a failing validator says
START = f"import {MODULE}; {MODULE}.cli()"


def has_validator() -> bool:
    """Whether bids-validator-deno is installed beside this package.

    Returns
    -------
    bool

    Examples
    --------
    >>> isinstance(has_validator(), bool)
    True
    """
    return find_spec(MODULE) is not None


def validation_errors(root: Path) -> list[str]:
    """Errors that the BIDS validator finds in a data set; warnings of the validator do not count.

    Parameters
    ----------
    root : Path
        A data set; those below ``derivatives`` are not looked at.

    Returns
    -------
    list of str
        One sentence a fault: its code and the file, relative to the data set. Empty when it is valid.

    Raises
    ------
    BidsError
        When the validator does not start or its answer cannot be understood.

    Examples
    --------
    >>> import tempfile
    >>> found = validation_errors(Path(tempfile.mkdtemp())) if has_validator() else ["MISSING_DATASET_DESCRIPTION"]
    >>> found[0].split()[0]
    'MISSING_DATASET_DESCRIPTION'
    """
    command = [sys.executable, "-c", START, "--no-color", "--json", "--ignoreWarnings", str(root.absolute())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        issues = json.loads(done.stdout)["issues"]["issues"]
    except (ValueError, KeyError, TypeError) as error:
        said = " ".join(done.stderr.split())[-SHOWN:]
        raise BidsError(
            f"{VALIDATOR} did not answer (exit code {done.returncode}: {said}); go on with --skip-bids-validation"
        ) from error
    return [_in_words(issue) for issue in issues if issue.get("severity") == "error"]


def _in_words(issue: dict[str, str]) -> str:
    told = [issue["code"], issue.get("subCode", ""), issue.get("location", "").lstrip("/")]
    return " ".join(text for text in told if text)
