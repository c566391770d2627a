"""Makes the test helpers importable by name, whichever folder they lie in."""

import sys
from pathlib import Path

for folder in ("link", "sessions"):
    path = str(Path(__file__).resolve().parents[1] / folder)
    if path not in sys.path:
        sys.path.append(path)
