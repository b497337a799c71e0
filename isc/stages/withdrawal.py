"""The command for a participant who withdraws: forget, then compute the group without them."""

import sys
from collections.abc import Sequence
from pathlib import Path

from isc.io.bids import root_path
from isc.io.layout.dataset import linked_raw
from isc.stages.privacy.forgetting import forget
from isc.stages.run import DONE, UNUSABLE, UNUSABLE_INPUT, RunRequest, run
from isc.stages.running.messages import one_line


def withdraw(out_dir: Path, participants: Sequence[str], *, dry_run: bool = False, recompute: bool = False) -> int:
    """Remove what was made from participants and, if wanted, compute the group anew with the settings of the last run.

    Parameters
    ----------
    out_dir : Path
        Derivative data set.
    participants : sequence of str
        ``sub-<label>`` each.
    dry_run, recompute : bool

    Returns
    -------
    int
        Exit code.
    """
    try:
        forget(out_dir, participants, dry_run=dry_run)
        raw = linked_raw(out_dir).resolve()
    except UNUSABLE_INPUT as error:
        print(f"isc: {one_line(error)}", file=sys.stderr)
        return UNUSABLE
    if dry_run:
        return DONE
    print(f"the raw study {raw.name} was not touched: remove the recordings and the row of participants.tsv there")
    if not recompute:
        print("the group is to be computed anew: isc run BIDS_DIR OUT_DIR group")
        return DONE
    return run(RunRequest(raw, out_dir, levels=("group",), settings=root_path(out_dir, "settings")))
