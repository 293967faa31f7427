"""``python -m sixbit``: the command line."""

import sys

from sixbit.cli import main

sys.exit(main())
