"""The only door to dask: cubes that are read in parts, and the workers of a cluster.

**The rule.** Work goes where ``dask.compute`` would send it. An active ``dask.distributed.Client`` is used without
further arguments; ``with dask.config.set(scheduler="threads"):`` keeps work on this machine, as it does for every other
library that uses dask. There is no argument of ours beside it: a second way to say the same could contradict the first.
What takes less time than handing it over is done where it is called. Numbers do not depend on where they were computed.
"""

from isc.lazy.cluster import ClusterError, active_client, connected, on_workers
from isc.lazy.mapped import kept_arrays
from isc.lazy.parts import TASK_BYTES, Part, computed_parts, in_parts, is_lazy, regions
from isc.lazy.shared import Capacity, capacity, computed, task_ranges

__all__ = [
    "TASK_BYTES",
    "Capacity",
    "ClusterError",
    "Part",
    "active_client",
    "capacity",
    "computed",
    "computed_parts",
    "connected",
    "in_parts",
    "is_lazy",
    "kept_arrays",
    "on_workers",
    "regions",
    "task_ranges",
]
