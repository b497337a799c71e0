"""What a network is shown at each iteration: rows of one table or of several, in an order that a seed decides.

Batch number k is a function of seed and k: a run that was killed goes on with the batches that it would have had.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch

from isc.networks.crops import read_crop
from isc.networks.seeding import key

Batch = dict[str, torch.Tensor]  # every tensor (sample, ...)
Augment = Callable[[Batch, np.random.Generator], Batch]


class Table(Protocol):
    """Samples by row."""

    def __len__(self) -> int:
        """Number of samples."""
        ...

    def batch(self, rows: np.ndarray) -> Batch:
        """Samples of some rows, in their order; every tensor (row, ...)."""
        ...


class ArrayTable:
    """Samples that stand in arrays.

    Parameters
    ----------
    **arrays : ndarray, shape (sample, ...)
        By name, such as ``input`` and ``code``. Numbers with a fraction become float32; bytes stay bytes, so that
        pictures take a quarter of the memory (see `isc.networks.scoring.as_input`).

    Raises
    ------
    ValueError
        When there is no array, or their lengths differ.

    Examples
    --------
    >>> table = ArrayTable(input=np.zeros((3, 2)), code=np.array([0, 1, 1]))
    >>> table.batch(np.array([2, 0]))["code"].tolist()
    [1, 0]
    """

    def __init__(self, **arrays: np.ndarray) -> None:
        lengths = {name: len(array) for name, array in arrays.items()}
        if len(set(lengths.values())) != 1 or not next(iter(lengths.values())):
            raise ValueError(f"the arrays of a table have the same number of samples, at least one; given {lengths}")
        self._tensors = {name: _as_tensor(array) for name, array in arrays.items()}

    def __len__(self) -> int:
        """Number of samples."""
        return len(next(iter(self._tensors.values())))

    def batch(self, rows: np.ndarray) -> Batch:
        """Samples of some rows."""
        index = torch.from_numpy(np.asarray(rows, dtype=np.int64))
        return {name: tensor[index] for name, tensor in self._tensors.items()}


def _as_tensor(array: np.ndarray) -> torch.Tensor:
    array = np.ascontiguousarray(array)
    return torch.from_numpy(array.astype(np.float32) if array.dtype.kind == "f" else array.copy())


class PictureTable:
    """Pictures of a corpus (Aff-Wild2, ExpW, AffectNet), read when they are asked for.

    Parameters
    ----------
    clips : DataFrame
        Columns path (relative to `folder`) and label; top, left, right and bottom (px) where a picture shows more
        than the face. From `isc.classification.image_corpora`.
    folder : path
        Of the pictures.
    classes : sequence of str
        The classes, in the order of their codes.
    size : int
        Side of the square that pictures are scaled to, px.

    Attributes
    ----------
    codes : ndarray of int64, shape (picture,)
        Class of every picture.

    Raises
    ------
    ValueError
        When a column is missing, there is no row, or a label is not among the classes.

    Examples
    --------
    >>> clips = pd.DataFrame({"path": ["a.jpg"], "label": ["happy"]})
    >>> len(PictureTable(clips, "pictures", ["happy", "sad"]))
    1
    """

    def __init__(self, clips: pd.DataFrame, folder: str | Path, classes: Sequence[str], *, size: int = 112) -> None:
        missing = [name for name in ("path", "label") if name not in clips]
        if missing or not len(clips):
            raise ValueError(f"pictures need rows with path and label; given {len(clips)} rows without {missing}")
        self.codes = pd.Index(classes).get_indexer(clips["label"]).astype(np.int64)
        if (self.codes < 0).any():
            wrong = clips["label"].to_numpy()[self.codes < 0][0]
            raise ValueError(f"label {wrong!r} is not among the classes {list(classes)}; leave its rows out")
        self._folder, self._size = Path(folder), size
        self._paths = clips["path"].to_numpy()
        boxed = {"top", "left", "right", "bottom"} <= set(clips)
        self._boxes = clips[["top", "left", "right", "bottom"]].to_numpy(dtype=float) if boxed else None

    def __len__(self) -> int:
        """Number of pictures."""
        return len(self._paths)

    def batch(self, rows: np.ndarray) -> Batch:
        """Pictures (row, size, size, channel) of bytes, RGB, and their codes."""
        boxes = [None] * len(rows) if self._boxes is None else list(self._boxes[rows])
        pictures = [
            read_crop(self._folder / self._paths[row], self._size, box) for row, box in zip(rows, boxes, strict=True)
        ]
        return {"input": torch.from_numpy(np.stack(pictures)), "code": torch.from_numpy(self.codes[rows])}


class Batches:
    """Batches drawn from tables, epoch after epoch without repetition within an epoch of a table.

    Parameters
    ----------
    *tables : Table
        All with tensors of the same names and sizes.
    size : int
        Samples in a batch.
    shares : sequence of float, optional
        Share of a batch that each table gives; by default tables are merged into one (each sample as often as any
        other).
    augment : callable, optional
        Called with a batch and a generator of its own; gives the changed batch.
    seed : int
        Same seed, same batches.

    Raises
    ------
    ValueError
        When there is no table, the size is not positive, or the shares do not give every table a sample in a batch.

    Examples
    --------
    >>> tables = [ArrayTable(code=np.full(n, c)) for c, n in ((0, 3), (1, 50))]
    >>> Batches(*tables, size=4, shares=(0.5, 0.5)).batch(7)["code"].tolist()
    [0, 0, 1, 1]
    """

    def __init__(
        self,
        *tables: Table,
        size: int,
        shares: Sequence[float] | None = None,
        augment: Augment | None = None,
        seed: int = 0,
    ) -> None:
        if not tables or size < 1:
            raise ValueError(f"batches need a table and a size of at least 1; given {len(tables)} and {size}")
        self._tables, self.size, self._augment, self._seed = tables, size, augment, seed
        self._counts = None if shares is None else _counts(shares, len(tables), size)
        self._starts = np.concatenate([[0], np.cumsum([len(table) for table in tables])])

    def __len__(self) -> int:
        """Samples of all tables."""
        return int(self._starts[-1])

    def batch(self, iteration: int) -> Batch:
        """The batch of an iteration, from 0."""
        batch = _joined([self._tables[t].batch(rows) for t, rows in self.rows(iteration)])
        if self._augment is None:
            return batch
        return self._augment(batch, np.random.default_rng([self._seed, iteration, 1]))

    def rows(self, iteration: int) -> list[tuple[int, np.ndarray]]:
        """Table and rows of a batch."""
        if self._counts is not None:
            drawn = [self._draw(t, n, iteration) for t, n in enumerate(self._counts)]
            return list(enumerate(drawn))
        pooled = self._draw(-1, self.size, iteration)
        table = np.searchsorted(self._starts, pooled, side="right") - 1
        return [(int(t), pooled[table == t] - self._starts[t]) for t in np.unique(table)]

    def _draw(self, table: int, n: int, iteration: int) -> np.ndarray:
        """Rows number n * iteration and following of endless epochs."""
        length = len(self) if table < 0 else len(self._tables[table])
        places = np.arange(n * iteration, n * (iteration + 1))
        epochs, place = np.divmod(places, length)
        orders = {e: np.random.default_rng(key(self._seed, table + 1, int(e))).permutation(length) for e in set(epochs)}
        return np.array([orders[e][p] for e, p in zip(epochs, place, strict=True)])


def _counts(shares: Sequence[float], n_table: int, size: int) -> np.ndarray:
    """Samples of each table in a batch."""
    given = np.asarray(shares, dtype=float)
    if given.shape != (n_table,) or not (given > 0).all():
        raise ValueError(f"shares are {n_table} positive numbers, one a table; given {list(shares)}")
    counts = np.diff(np.rint(np.concatenate([[0], np.cumsum(given / given.sum())]) * size)).astype(int)
    if (counts < 1).any():
        raise ValueError(
            f"shares {list(shares)} leave a table without a sample in a batch of {size}; enlarge the batch"
        )
    return counts


def _joined(parts: Sequence[Mapping[str, Any]]) -> Batch:
    if len(parts) == 1:
        return dict(parts[0])
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
