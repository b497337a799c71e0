"""`python -m isc.cli` is `isc`."""

import sys

from isc.cli.main import main

sys.exit(main())
