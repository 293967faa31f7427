"""``python -m sixbit``: the command line."""

import sys

from sixbit.cli.main import main

sys.exit(main())
