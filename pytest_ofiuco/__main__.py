"""``python -m pytest_ofiuco`` is ``ofiuco``."""

import sys

from pytest_ofiuco.cli import main

if __name__ == "__main__":
    sys.exit(main())
