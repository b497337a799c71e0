"""Everything that the sections of a report show, read back from the products."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import xarray as xr

from isc.io.derivatives import read_table
from isc.stages.group.behaviour import read_agreement
from isc.stages.group.members import Group, read_epochs
from isc.stages.group.products import Products
from isc.stages.group.synchrony import deciding_schemes
from isc.stages.pages.maps import flat
from isc.stages.pages.sections import Results
from isc.stages.provenance.shelf import load_array, load_dataset, stored_warnings
from isc.study import StudyError
from isc.synchrony.decision import strictest
from isc.synchrony.inference import thresholds


def results_of(
    group: Group,
    products: Products,
    *,
    mean_face: xr.DataArray | None,
    quality: pd.DataFrame,
    pages: Mapping[str, str] | None = None,
) -> Results:
    """Everything the sections show, read back from the products.

    Parameters
    ----------
    group : Group
    products : Products
    mean_face : DataArray or None
        None when the features are not those of a face.
    quality : DataFrame
        One row a recording.
    pages : mapping of str to str, optional
        Participant to the page about the recording.

    Returns
    -------
    Results
        Features in one dim (`isc.stages.pages.maps.flat`).
    """
    tisc = {name: flat(load_dataset(path)) for name, path in products.tisc.items()}
    nulls = {
        name: {scheme: load_array(path) for scheme, path in paths.items()} for name, paths in products.nulls.items()
    }
    alpha, tail = group.study.null.alpha, group.study.null.tail
    limits = {
        name: {scheme: thresholds(null, alpha=alpha, tail=tail) for scheme, null in of.items()}
        for name, of in nulls.items()
    }
    n_subject = next(iter(tisc.values()))["tisc"].attrs["n_subject"]
    schemes = deciding_schemes(group.study, n_subject)
    return Results(
        tisc={name: result["tisc"] for name, result in tisc.items()},
        significant={name: result["significant"] for name, result in tisc.items()},
        p={name: result["p"] for name, result in tisc.items()},
        nulls=nulls,
        thresholds=limits,
        deciding={name: strictest({scheme: of[scheme] for scheme in schemes}) for name, of in limits.items()},
        mean_face=mean_face,
        agreement=None if products.agreement is None else read_agreement(products.agreement),
        chance_upper=_chance_upper(products.agreement),
        associations={name: read_table(path) for name, path in products.associations.items()},
        association_notes=_association_notes(products),
        quality=quality,
        epochs=_epochs(group),
        links=_links(group, products),
        pages=pages or {},
    )


def _chance_upper(agreement: Path | None) -> float | None:
    return None if agreement is None else float(read_table(agreement)["chance_upper"].iloc[0])


def _association_notes(products: Products) -> tuple[str, ...]:
    found = [text for path in products.associations.values() for text in stored_warnings(path)]
    return tuple(dict.fromkeys(found))


def _epochs(group: Group) -> pd.DataFrame | None:
    """Annotated epochs of the film; a note when their table cannot be used."""
    try:
        return read_epochs(group.shelf.raw_root, group.study.task)
    except StudyError as error:
        group.notes.append(str(error))
        return None


def _links(group: Group, products: Products) -> dict[str, str]:
    """Tables and arrays behind the figures, relative to the report."""
    paths = {f"tisc {name}": path for name, path in products.tisc.items()}
    paths |= {f"association {name}": path for name, path in products.associations.items()}
    if products.agreement is not None:
        paths["agreement"] = products.agreement
    return {name: path.relative_to(group.shelf.root).as_posix() for name, path in paths.items()}
