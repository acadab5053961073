"""Where a contract comes from: a Python object, an exposition, or a Prometheus."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import sys
from pathlib import Path
from typing import Any

from tocsin.contract.inferred import catalog_of
from tocsin.contract.prometheus import Server, is_prometheus
from tocsin.contract.reading import is_address, read_exposition
from tocsin.contract.scraped import remembered
from tocsin.findings import TocsinError
from tocsin.metrics import Catalog, nearest

_OBJECT = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")


def catalog_from(source: str) -> Catalog:
    """The catalog that a SOURCE names. Raises TocsinError, in one line, where it cannot be had.

    - `package.module:NAME`: a Catalog in Python; the current folder and its `src` are looked in first
    - a file, or an http(s) address: an exposition in Prometheus text or OpenMetrics
    - `prometheus+http://host:9090`: what a Prometheus has scraped and recorded in the last day

    The last two give a catalog that is `observed`. Give it to `World.of` as it is: what it cannot know is open there.
    Its `scrape_interval` is empty where nobody stated it: set it with `dataclasses.replace`.
    """
    if is_prometheus(source):
        server = Server(source)
        return catalog_of(remembered(server), server.scrape_interval())
    if is_object(source):
        return _from_python(source)
    return catalog_of(read_exposition(source))


def is_object(source: str) -> bool:
    """Whether a SOURCE names a Python object, and no file."""
    return bool(_OBJECT.match(source)) and not Path(source).exists()


def is_source(text: str) -> bool:
    """Whether a text can be a SOURCE at all, and not, say, a git revision."""
    return is_prometheus(text) or is_address(text) or is_object(text) or Path(text).is_file()


def _from_python(source: str) -> Catalog:
    module_name, _, path = source.partition(":")
    found: Any = _imported(source, module_name)
    for name in path.split("."):
        if not hasattr(found, name):
            near = nearest(name, dir(found))
            raise TocsinError(
                f"{source}: {module_name} has no {name}",
                help=f"did you mean {near}?" if near else "name a catalog as package.module:NAME",
            )
        found = getattr(found, name)
    if not isinstance(found, Catalog):
        raise TocsinError(f"{source} is no catalog but a {type(found).__name__}", help="name a tocsin.metrics.Catalog")
    return found


def _imported(source: str, module_name: str) -> Any:
    folders = [os.getcwd(), os.path.join(os.getcwd(), "src")]
    sys.path[:0] = folders
    try:
        # What a module prints must not stand among the findings that a machine reads.
        with contextlib.redirect_stdout(sys.stderr):
            return importlib.import_module(module_name)
    except (TocsinError, KeyboardInterrupt):
        raise
    except ModuleNotFoundError as error:
        raise TocsinError(
            f"{source}: there is no module {error.name}",
            help="name a catalog as package.module:NAME; it is looked for here, in src/ and among what is installed",
        ) from None
    except BaseException as error:  # a module may raise anything, and may not end the program
        raise TocsinError(
            f"{source}: {module_name} cannot be imported: {type(error).__name__}: {error}", help="mend the module"
        ) from None
    finally:
        for folder in folders:
            sys.path.remove(folder)
