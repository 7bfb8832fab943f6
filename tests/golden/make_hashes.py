"""Makes hashes.json and initializers.json: the hashes of the trainings in tests/python/trainings.py and of the initial
weights in tests/python/beginnings.py.

Run it with lamina installed::

    python tests/golden/make_hashes.py

It prints what changed.  README.md beside it says when that is allowed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))

import beginnings  # noqa: E402
import trainings  # noqa: E402


def main() -> None:
    """Writes the two files beside this one."""
    for file, after in [("hashes.json", trainings.all_hashes()), ("initializers.json", beginnings.all_hashes())]:
        path = HERE / file
        before = json.loads(path.read_text()) if path.exists() else {}
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                change = "changed" if name in before and name in after else "new" if name in after else "gone"
                print(f"{file}, {name}: {change}")
        path.write_text(json.dumps(after, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
