"""Which products a run makes and why: filled while it works, or beforehand when it only plans."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isc.io.derivatives import DerivativeError, is_current, read_sidecar

CODE = "isc-toolkit"  # its key in the SoftwareVersions of a sidecar
FOLLOWS = "follows"  # how the reason begins when a product is due because of another
REPLACED = "was replaced"  # how the reason ends when a file is another one
SHOWN_CHANGES = 3  # parameters named in a reason


@dataclass
class Ledger:
    """Products that were looked at, and those of them that are due.

    Attributes
    ----------
    planning : bool
        Only say what would be made.
    reasons : dict of Path to str
        Why each product that is due has to be made.
    checked : set of Path
        All products that were looked at.
    """

    planning: bool = False
    reasons: dict[Path, str] = field(default_factory=dict)
    checked: set[Path] = field(default_factory=set)

    def planned(self, path: Path) -> bool:
        """Whether a product is only going to be made: what is on the disk now is not what a run will read."""
        return self.planning and path in self.reasons

    @property
    def causes(self) -> dict[Path, str]:
        """Products that are due for a reason of their own, not because one that they are made from is."""
        return {path: reason for path, reason in self.reasons.items() if not reason.startswith(FOLLOWS)}

    def record(self, path: Path, reason: str | None) -> None:
        """Note a product, and why it is due; None when it is up to date."""
        self.checked.add(path)
        if reason is not None:
            self.reasons[path] = reason


def why_due(path: Path, wanted: Mapping[str, Any]) -> str | None:
    """Why a product has to be made, in a few words; None when it is up to date.

    Parameters
    ----------
    path : Path
        The product.
    wanted : mapping
        Sidecar that it would get: ``ProductKey``, ``SoftwareVersions``, ``Parameters``, ``Sources``, ``InputSHA256``.

    Returns
    -------
    str or None

    Examples
    --------
    >>> why_due(Path("no-such-cube.zarr"), {"ProductKey": "ab"})
    'absent'
    """
    if is_current(path, wanted["ProductKey"]):
        return None
    try:
        stored = read_sidecar(path)
    except DerivativeError:
        return "unfinished" if path.exists() else "absent"
    if stored.get("ProductKey") == wanted["ProductKey"]:
        return "damaged: its size or its files differ from its sidecar"
    return _changed_input(stored, wanted) or _changed_parameters(stored, wanted) or _changed_code(stored, wanted)


def _changed_input(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
    if "InputSHA256" not in stored:
        return None
    before = dict(zip(stored["Sources"], stored["InputSHA256"], strict=True))
    now = dict(zip(wanted["Sources"], wanted["InputSHA256"], strict=True))
    if before.keys() != now.keys():
        added, gone = now.keys() - before.keys(), before.keys() - now.keys()
        return "its inputs changed (" + ", ".join(_names("+", added) + _names("-", gone)) + ")"
    replaced = [source for source in now if now[source] != before[source]]
    return f"{_file_name(replaced[0])} {REPLACED}" if replaced else None


def _names(sign: str, sources: set[str]) -> list[str]:
    return [sign + _file_name(source) for source in sorted(sources)]


def _file_name(source: str) -> str:
    return source.rpartition("/")[2]


def _changed_parameters(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
    before, now = stored.get("Parameters", {}), wanted["Parameters"]
    changed = [name for name in now if name not in before or _plain(before[name]) != _plain(now[name])]
    changed += [name for name in before if name not in now]
    return f"parameters changed: {', '.join(changed[:SHOWN_CHANGES])}" if changed else None


def _plain(value: Any) -> Any:
    """Lists for tuples, as JSON gives them back."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return value


def _changed_code(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    before = stored.get("SoftwareVersions", {}).get(CODE, "another version")
    return f"the code changed ({before} to {wanted['SoftwareVersions'][CODE]})"
