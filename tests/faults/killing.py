"""Runs of a study that are really killed (SIGKILL) at a chosen moment; a process of its own that forks one a kill.

    python killing.py BIDS_DIR OUT_DIR SETTINGS CASES.json

Each case is [file name, moment]: the run is killed "before" that file takes its place, or "after". Prints one JSON
line a case: how the run ended. A last run, not killed, ends the list.
"""

import json
import os
import signal
import sys
from pathlib import Path

from isc.stages import run as runs
from isc.stages.run import RunRequest

REPLACE = os.replace


def here(tasks, worker, **how):
    """Work in this process, so that its death is the death of all."""
    return [worker(task, lambda done, expected: None) for _, task in tasks]


def die_at(name, moment):
    """Have this process killed when a file is about to take its place, or has just taken it."""

    def replace(source, target, **how):
        hit = Path(target).name == name
        if hit and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        REPLACE(source, target, **how)
        if hit:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = replace


def main():
    """Run the cases one after the other on the same folder."""
    bids_dir, out_dir, settings, cases = map(Path, sys.argv[1:])
    three = ("01", "02", "03")
    request = RunRequest(bids_dir, out_dir, settings=settings, participants=three, skip_bids_validation=True)
    runs.run_each = here
    for case in [*json.loads(cases.read_text()), None]:
        child = os.fork()
        if child == 0:
            if case is not None:
                die_at(*case)
            os._exit(runs.run(request))
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print("\n" + json.dumps({"case": case, "ended": ended, "there": there(out_dir, case)}), flush=True)


def there(out_dir, case):
    """Whether the product of a case and its sidecar are there."""
    if case is None:
        return None
    stem = case[0].partition(".")[0]
    found = {path.suffix for path in out_dir.rglob(f"{stem}.*") if path.name.partition(".")[0] == stem}
    return {"data": bool(found - {".json"}), "manifest": ".json" in found}


if __name__ == "__main__":
    main()
