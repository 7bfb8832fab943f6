"""docs/keras.md says what is there."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parent.parent.parent / "docs"
NAMES = json.loads((DOCS / "keras_names.json").read_text())


@pytest.fixture(scope="module")
def maker() -> Any:
    spec = importlib.util.spec_from_file_location("make_keras_table", DOCS / "make_keras_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(maker: Any) -> None:
    page = maker.page(NAMES)
    assert page == (DOCS / "keras.md").read_text(), "run python docs/make_keras_table.py"
    for name in ("`Dense`", "`Input`", "`swish`", "`EarlyStopping`", "`train_on_batch`", "`validation_freq`"):
        assert any(name in line for line in page.split("\n") if line.startswith("| supported")), name
    assert any("`Conv2D`" in line for line in page.split("\n") if line.startswith("| refused"))


def test_what_is_planned_is_one_of_keras_names_and_not_there_yet(maker: Any) -> None:
    for group, planned in maker.PLANNED.items():
        for name in planned:
            assert not maker.is_supported(group, name), f"{group}.{name} is there: take it out of PLANNED"
            if name not in ("from_config", "get_config"):
                assert name in NAMES[group], f"{group}.{name}"
