"""The derivatives of one run: each is made when it is absent or out of date, and only then."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import xarray as xr

from isc.io.bids import derivative_path
from isc.io.derivatives import input_hash, product_key, read_array, read_sidecar, write_array, write_table, write_values
from isc.io.files.sidecars import sidecar_for
from isc.io.layout.names import Entities, bids_uri
from isc.stages.provenance.hash_memory import HashMemory
from isc.stages.provenance.ledger import FOLLOWS, Ledger, why_due
from isc.stages.provenance.version import code_version, software_versions

Content: TypeAlias = xr.DataArray | xr.Dataset | pd.DataFrame | Mapping[str, Any]
WARNINGS = "Warnings"
SETTINGS = "Settings"  # by which a table was counted; tables have no attrs of their own


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
    ledger : Ledger
        What is due and why; several shelves may share one.
    memory : HashMemory, optional
        Hashes of raw files that need not be read again.
    """

    root: Path
    raw_root: Path
    entities: Entities
    force: bool = False
    ledger: Ledger = field(default_factory=Ledger, compare=False)
    memory: HashMemory | None = field(default=None, compare=False)

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

    def due(
        self,
        product: str,
        *,
        inputs: Sequence[Path],
        parameters: Mapping[str, Any],
        desc: str | None = None,
        uncertain: Sequence[Path] = (),
    ) -> dict[str, Any] | None:
        """Sidecar to write with a product that has to be made; None when there is nothing to do, or only a plan.

        Parameters
        ----------
        product, inputs, parameters, desc : see `make`
            As there.
        uncertain : sequence of Path
            Products whose sidecars the parameters were read from; while planning they may not be known yet.

        Returns
        -------
        dict or None
        """
        path, ledger = self.path(product, desc=desc), self.ledger
        coming = [other for other in (*inputs, *uncertain) if ledger.planned(other)]
        if coming:
            ledger.record(path, f"{FOLLOWS} {coming[0].name}")
            return None
        sidecar = self._sidecar(product, inputs, parameters)
        reason = "forced" if self.force else why_due(path, sidecar)
        ledger.record(path, reason)
        return None if reason is None or ledger.planning else sidecar

    def _sidecar(self, product: str, inputs: Sequence[Path], parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Entry of the data dictionary, and all that a product depends on."""
        hash_of = input_hash if self.memory is None else self.memory.hash_of
        hashes = [hash_of(path) for path in inputs]
        return sidecar_for(
            product,
            Sources=self.sources(inputs),
            InputSHA256=hashes,
            Parameters=dict(parameters),
            SoftwareVersions=software_versions(),
            ProductKey=product_key(hashes, parameters=parameters, code_version=code_version()),
        )

    def make(
        self,
        product: str,
        compute: Callable[[], Content],
        *,
        inputs: Sequence[Path],
        parameters: Mapping[str, Any],
        desc: str | None = None,
        uncertain: Sequence[Path] = (),
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
        uncertain : sequence of Path
            See `due`.
        more : mapping, optional
            Further fields of the sidecar.

        Returns
        -------
        Path
        """
        path = self.path(product, desc=desc)
        sidecar = self.due(product, inputs=inputs, parameters=parameters, desc=desc, uncertain=uncertain)
        if sidecar is not None:
            content = compute()
            told = {**dict(more or {}), **_settings_of(content), WARNINGS: _warnings_of(content)}
            self.write(content, path, {**sidecar, **told})
        return path

    def write(self, content: Content, path: Path, sidecar: Mapping[str, Any]) -> None:
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


def _settings_of(content: Content) -> dict[str, Any]:
    """Settings that ride along in the attrs of a table."""
    settings = getattr(content, "attrs", {}).get(SETTINGS)
    return {} if settings is None else {SETTINGS: settings}


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
