"""The derivatives of one run: each is made when it is absent or out of date, and only then."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import xarray as xr

from isc.io.bids import derivative_path
from isc.io.bids_names import Entities, bids_uri
from isc.io.derivatives import is_current, product_key, read_array, read_sidecar, write_array, write_table, write_values
from isc.io.sidecars import sidecar_for
from isc.stages.version import code_version, software_versions

Content: TypeAlias = xr.DataArray | xr.Dataset | pd.DataFrame | Mapping[str, Any]
WARNINGS = "Warnings"


@dataclass(frozen=True)
class Shelf:
    """Where the products of one participant, or of the group, are kept.

    Attributes
    ----------
    root : Path
        The derivative data set.
    raw_root : Path
        The raw study its inputs come from.
    entities : Entities
    force : bool
        Make everything again.
    """

    root: Path
    raw_root: Path
    entities: Entities
    force: bool = False

    def path(self, product: str, *, desc: str | None = None) -> Path:
        """Path of a product."""
        return derivative_path(self.root, product, self.entities, desc=desc)

    def sources(self, inputs: Sequence[Path]) -> list[str]:
        """BIDS URIs of inputs in the derivative or the raw data set."""
        return [
            bids_uri(path, self.root)
            if path.is_relative_to(self.root)
            else bids_uri(path, self.raw_root, dataset="raw")
            for path in inputs
        ]

    def key(self, inputs: Sequence[Path], parameters: Mapping[str, Any]) -> str:
        """Fingerprint of what a product depends on."""
        return product_key(list(inputs), parameters=parameters, code_version=code_version())

    def needs(self, path: Path, key: str) -> bool:
        """Whether a product has to be made."""
        return self.force or not is_current(path, key)

    def sidecar(
        self, product: str, inputs: Sequence[Path], parameters: Mapping[str, Any], key: str, **more: Any
    ) -> dict[str, Any]:
        """Sidecar of a product: its entry in the data dictionary and how it was made."""
        return sidecar_for(
            product,
            Sources=self.sources(inputs),
            Parameters=dict(parameters),
            SoftwareVersions=software_versions(),
            ProductKey=key,
            **more,
        )

    def make(
        self,
        product: str,
        compute: Callable[[], Content],
        *,
        inputs: Sequence[Path],
        parameters: Mapping[str, Any],
        desc: str | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> Path:
        """Path of a product, made by `compute` if need be.

        Parameters
        ----------
        product : str
            A key of `isc.io.bids.PRODUCTS` and of the data dictionary.
        compute : callable
            Gives the content: an array, a table or a mapping of values.
        inputs : sequence of Path
            Files and products that it is computed from.
        parameters : mapping
            What it depends on beside them.
        desc : str, optional
            Label of the product where its name needs one.
        more : mapping, optional
            Further fields of the sidecar.

        Returns
        -------
        Path
        """
        path = self.path(product, desc=desc)
        key = self.key(inputs, parameters)
        if self.needs(path, key):
            content = compute()
            told = {**dict(more or {}), WARNINGS: _warnings_of(content)}
            self.write(product, content, path, self.sidecar(product, inputs, parameters, key, **told))
        return path

    def write(self, product: str, content: Content, path: Path, sidecar: Mapping[str, Any]) -> None:
        """Write a product by the kind of its content."""
        if isinstance(content, xr.DataArray | xr.Dataset):
            write_array(content, path, sidecar)
        elif isinstance(content, pd.DataFrame):
            write_table(content, path, sidecar)
        else:
            write_values(content, path, sidecar)


def _warnings_of(content: Content) -> list[str]:
    """Warnings that ride along in the attrs of an array or table."""
    return [str(text) for text in getattr(content, "attrs", {}).get("warnings", [])]


def stored_warnings(path: Path) -> list[str]:
    """Warnings that a product was made with."""
    return [str(text) for text in read_sidecar(path).get(WARNINGS, [])]


def load_array(path: Path) -> xr.DataArray:
    """Array of a product, in memory."""
    content = read_array(path)
    if isinstance(content, xr.Dataset):
        raise TypeError(f"{path.name} holds a data set of {', '.join(map(str, content))}, not one array")
    return content.load()


def load_dataset(path: Path) -> xr.Dataset:
    """Data set of a product, in memory."""
    content = read_array(path)
    if isinstance(content, xr.DataArray):
        raise TypeError(f"{path.name} holds one array, not a data set")
    return content.load()
