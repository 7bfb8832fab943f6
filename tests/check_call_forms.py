"""Checks that Keras 3 gives what tests/python/call_forms.py says of it.

Needs tensorflow, keras, h5py, pandas in one environment; lamina is not asked::

    python tests/check_call_forms.py

Prints what differs, and fails if anything does.
"""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path.insert(0, str(Path(__file__).resolve().parent / "python"))

import keras

import call_forms


def main() -> int:
    """Prints what Keras gives otherwise and returns for how many forms it does."""
    bad = 0
    warnings.simplefilter("ignore")  # of spellings that Keras takes and calls old
    for title, (program, expected) in call_forms.FORMS.items():
        for style in call_forms.STYLES:
            keras.utils.clear_session()
            with tempfile.TemporaryDirectory() as folder:
                os.chdir(folder)
                try:
                    found = call_forms.result(program, style, "tensorflow")
                except Exception as error:
                    found = f"{type(error).__name__}: {error}"
            if not call_forms.matches(found, expected):
                bad += 1
                print(f"{title} ({style}): {str(found)[:300]}")
    print(f"{2 * len(call_forms.FORMS)} forms, {bad} differ")
    return bad


if __name__ == "__main__":
    sys.exit(bool(main()))
