"""Sphinx's settings: the guide, the reference from docstrings, and a page an example, drawn as it is built.

`python -m sphinx -W docs docs/build/html` builds it, with LAMINA_DATA=/folder for MNIST and the book's data.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

import lamina

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # gallery.py

project = "lamina"
author = "the authors of lamina"
version = release = lamina.__version__
html_title = f"lamina {version}"
html_theme = "pydata_sphinx_theme"
html_theme_options = {
    "show_prev_next": True,
    "secondary_sidebar_items": {pages: ["page-toc"] for pages in ("*", "api/*", "guide/*")},  # none beside listings
    "navbar_align": "left",
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"changelog": [], "contributing": []}
html_static_path = ["static"]
html_css_files = ["gallery.css"]
html_show_sourcelink = False

extensions = [
    *("myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.mathjax", "numpydoc"),
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["build", "templates", "gallery/*.ipynb"]
templates_path = ["templates"]
nitpicky = True
default_role = "py:obj"
myst_heading_anchors = 3

# Docstrings give types and shapes in words of their own, so signatures need not say them again.
autodoc_typehints = "none"
autodoc_member_order = "groupwise"
autosummary_ignore_module_all = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

HOUSES = "10_houses"  # needs the book's file; the others have something in its place
has_houses = bool(os.environ.get("LAMINA_DATA")) and (Path(os.environ["LAMINA_DATA"]) / "Hyderabad.csv").is_file()
sphinx_gallery_conf = {
    "examples_dirs": "../examples/chapter10",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/\d\d_" if has_houses else rf"/(?!{HOUSES})\d\d_",  # those that are run
    "ignore_pattern": r"_common",
    "within_subsection_order": "FileNameSortKey",
    "reset_argv": "gallery.arguments",
    "capture_repr": (),
    "image_srcset": ["2x"],
    "notebook_extensions": set(),  # the scripts share a module, which a notebook by itself would lack
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
}
warnings.filterwarnings("error", category=RuntimeWarning)  # a number that is none is a failure of its example


def note_missing_houses(app: Sphinx, name: str, source: list[str]) -> None:
    """Say on the page of an example that was not run why it has no figures."""
    if name == f"gallery/{HOUSES}" and not has_houses:
        note = ".. note::\n\n   This page was built without the book's ``Hyderabad.csv``, so nothing here was run.\n\n"
        source[0] = note + source[0]


def plain_names(app: Sphinx, env: Any, node: nodes.Element, content: nodes.Element) -> nodes.Element | None:
    """Show what stands between single backticks in a docstring as code, a link where there is something to link to.

    An argument's name has no page. A name that begins with lamina does, so it stays an error if it is none.
    """
    if node.get("reftype") != "obj" or node.get("reftarget", "").startswith("lamina."):
        return None
    return content


def setup(app: Sphinx) -> None:
    """Join what Sphinx calls."""
    app.connect("source-read", note_missing_houses)
    app.connect("missing-reference", plain_names)
