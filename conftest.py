"""Without PyTorch (extra ``networks``) the modules that need it are not collected: their examples could not run."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["isc/networks/*.py"]
