"""A project on disk: finds it, imports its definitions and collects them."""

from __future__ import annotations

import ast
import contextlib
import importlib
import os
import pkgutil
import re
import sys
import tomllib
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from tocsin.environments import check_settings
from tocsin.fields import check_fields
from tocsin.findings import DefinitionError, TocsinError
from tocsin.metrics import Catalog, nearest
from tocsin.model.alert import Alert
from tocsin.model.dashboard import Dashboard
from tocsin.model.definitions import Definitions
from tocsin.model.environment import Settings as Environments
from tocsin.model.indicator import Indicator
from tocsin.model.mapping import SeriesMapping
from tocsin.model.objective import Objective
from tocsin.model.recording import RuleGroup
from tocsin.model.scenario import Proof
from tocsin.model.site import Site
from tocsin.model.table import Table
from tocsin.source import Source

_OWN = str(Path(__file__).parent)


class NoProjectError(TocsinError):
    """A folder that belongs to no project."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`[tool.tocsin]` of the project's pyproject.toml."""

    root: Path
    definitions: tuple[str, ...]
    catalogs: tuple[str, ...]
    output: Path


def find_project(start: Path) -> Settings:
    """The project that a folder belongs to: the nearest pyproject.toml with [tool.tocsin], upwards."""
    start = start.resolve()
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            table = _settings_table(file)
            if table is not None:
                return _settings(file, table)
    raise NoProjectError(
        f"no Tocsin project in {start} or above it",
        help="go to a folder whose pyproject.toml has a [tool.tocsin] table, or clone one",
    )


def _settings_table(file: Path) -> dict[str, Any] | None:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("tocsin")
    except (OSError, ValueError) as error:
        raise TocsinError(f"cannot read it: {error}", help="mend the file", source=Source(str(file))) from None
    except AttributeError:
        raise _bad_setting(file, "tool is no table") from None
    if table is not None and not isinstance(table, dict):
        raise _bad_setting(file, "tool.tocsin is no table")
    return table


def _bad_setting(file: Path, what: str) -> TocsinError:
    return TocsinError(what, help="write it as docs/command.md has it, under Settings", source=Source(str(file)))


def _settings(file: Path, table: dict[str, Any]) -> Settings:
    known = {"definitions", "catalogs", "output"}
    unknown = set(table) - known
    if unknown:
        raise TocsinError(
            f"[tool.tocsin] has no setting {', '.join(sorted(unknown))}",
            help=f"it knows {', '.join(sorted(known))}",
            source=Source(str(file)),
        )
    output = table.get("output", "generated")
    if not isinstance(output, str) or not output:
        raise _bad_setting(file, f"[tool.tocsin] output is {output!r}; it is the name of a folder")
    return Settings(
        file.parent,
        _names(file, table, "definitions", ("monitors", "rules")),
        _names(file, table, "catalogs", ()),
        file.parent / output,
    )


def _names(file: Path, table: dict[str, Any], setting: str, default: tuple[str, ...]) -> tuple[str, ...]:
    names = table.get(setting, default)
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise _bad_setting(file, f"[tool.tocsin] {setting} is {names!r}; it is a list of names")
    return tuple(names)


def load(settings: Settings) -> Definitions:
    """Imports every module of the project's packages and collects what they define.

    Raises DefinitionError where a module cannot be imported, naming the line.
    """
    root = str(settings.root)
    sys.path.insert(0, root)
    # Python tells by the second whether a compiled file is stale: a threshold may be changed twice in one.
    compiling, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        # What a definition prints must not stand among the findings that a machine reads.
        with contextlib.redirect_stdout(sys.stderr):
            catalogs = tuple(_catalog(settings, name) for name in settings.catalogs)
            modules = [module for package in settings.definitions for module in _modules(settings, package)]
    finally:
        sys.path.remove(root)
        sys.dont_write_bytecode = compiling
    return collect(modules, catalogs, root)


def _modules(settings: Settings, package: str) -> Iterator[ModuleType]:
    folder = settings.root / package.replace(".", "/")
    if not folder.is_dir():
        raise TocsinError(
            f"the package {package} of [tool.tocsin] is not there",
            help=f"make the folder {folder.name}/ or take it out of `definitions`",
            source=Source(str(settings.root / "pyproject.toml")),
        )
    yield _imported(settings, package)
    for name in sorted(_names_below(folder, package)):
        yield _imported(settings, name)


def _names_below(folder: Path, package: str) -> Iterator[str]:
    for info in pkgutil.iter_modules([str(folder)]):
        name = f"{package}.{info.name}"
        yield name
        if info.ispkg:
            yield from _names_below(folder / info.name, name)


def _imported(settings: Settings, name: str) -> ModuleType:
    try:
        module = importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except TocsinError as error:
        raise _naming(error) from None
    except BaseException as error:  # a definition may raise anything, and may not end the program
        raise _naming(_import_error(settings, name, error)) from None
    file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", [])), "")
    if name.split(".")[0] in settings.definitions and not str(file).startswith(str(settings.root)):
        raise TocsinError(
            f"{name} was found in {file}, not in this project",
            help="another installed package has the same name: rename the folder and `definitions`",
        )
    return module


def _import_error(settings: Settings, name: str, error: BaseException) -> DefinitionError:
    source = _place_of(settings, error) or Source(str(settings.root / "pyproject.toml"))
    text = str(error)
    if isinstance(error, SyntaxError):
        module = settings.root / f"{name.replace('.', '/')}.py"
        source = Source(error.filename or str(module), error.lineno)
        return DefinitionError(f"not Python: {error.msg}", help="mend the line", source=source)
    if isinstance(error, ImportError) and "partially initialized module" in text:
        return DefinitionError(
            f"{name} is part of an import cycle: {text}",
            help="move what both modules need into a third one",
            source=source,
        )
    if isinstance(error, ImportError | NameError | AttributeError):
        near = _nearest_name(error)
        way_out = f"did you mean {near}?" if near else "see the line: a name is wrong, or its import is missing"
        return DefinitionError(text, help=way_out, source=source)
    if isinstance(error, TypeError):
        return DefinitionError(text, help="see the line: an argument is wrong", source=source)
    kind = "" if isinstance(error, ValueError) and text else type(error).__name__
    return DefinitionError(
        ": ".join(filter(None, (kind, text))), help="mend the definition at this line", source=source
    )


def _naming(error: TocsinError) -> TocsinError:
    """The error with the name of the definition that its line is part of."""
    name = _definition_at(error.source) if error.source else ""
    if name and name not in error.message:
        error.message = f"{name}: {error.message}"
    return error


def _definition_at(source: Source) -> str:
    """The variable that the statement at this line of a module assigns, or nothing."""
    try:
        statements = ast.parse(Path(source.file).read_text(encoding="utf-8")).body
    except (OSError, ValueError, SyntaxError):
        return ""
    for one in statements:
        if one.lineno <= (source.line or 0) <= (one.end_lineno or one.lineno):
            targets = one.targets if isinstance(one, ast.Assign) else []
            return next((target.id for target in targets if isinstance(target, ast.Name)), "")
    return ""


def _nearest_name(error: ImportError | NameError | AttributeError) -> str | None:
    if isinstance(error, ImportError):
        wrong, known = getattr(error, "name_from", None), vars(sys.modules.get(error.name or "", sys))
        if wrong is None:  # Python 3.11 has it in the message alone
            found = re.match(r"cannot import name '(\w+)'", str(error))
            wrong = found.group(1) if found else None
    elif isinstance(error, NameError):
        wrong, known = error.name, _globals_at(error)
    else:
        wrong, known = error.name, dict.fromkeys(dir(error.obj))
    return nearest(wrong, known) if wrong else None


def _globals_at(error: BaseException) -> dict[str, Any]:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_globals if trace is not None else {}


def _place_of(settings: Settings, error: BaseException) -> Source | None:
    frames = traceback.extract_tb(error.__traceback__)
    inside = [
        frame
        for frame in frames
        if frame.filename.startswith(str(settings.root))
        and not frame.filename.startswith((_OWN, os.path.join(str(settings.root), ".venv")))
    ]
    if not inside:
        return None
    return Source(inside[-1].filename, inside[-1].lineno)


def _catalog(settings: Settings, name: str) -> Catalog:
    module_name, _, attribute = name.partition(":")
    found = getattr(_imported(settings, module_name), attribute or "CATALOG", None)
    if not isinstance(found, Catalog):
        raise TocsinError(
            f"{name} is no catalog",
            help="name one as package.module:NAME in `catalogs`",
            source=Source(str(settings.root / "pyproject.toml")),
        )
    return found


def collect(modules: Iterable[ModuleType], catalogs: tuple[Catalog, ...], root: str) -> Definitions:
    """All definitions that stand in variables of the modules, each once, in the order of their files and lines."""
    found: dict[int, tuple[str, Any]] = {}
    for module in modules:
        for name, value in vars(module).items():
            if not name.startswith("__"):
                for one in value if isinstance(value, tuple | list) else (value,):
                    _note(found, name, one, module)
    stated = [value for _, value in found.values()]
    objectives = _sorted(stated, Objective)
    _unfold_objectives(found)
    kinds = [value for _, value in found.values()]
    for value in kinds:
        check_fields(value)
    site = _only_site([value for value in kinds if isinstance(value, Site)], root)
    settings = [value for value in kinds if isinstance(value, Environments)]
    definitions = Definitions(
        site=site,
        catalogs=catalogs,
        indicators=_named_indicators(found),
        dashboards=_sorted(kinds, Dashboard),
        alerts=_sorted(kinds, Alert),
        groups=(*_sorted(stated, RuleGroup), *(group for one in objectives for group in one.groups)),
        mappings=_sorted(kinds, SeriesMapping),
        tables=_sorted(kinds, Table),
        proofs=_sorted(kinds, Proof),
        settings=_only_settings(settings, root),
        runbooks=_pages(Path(root) / site.runbooks),
        root=root,
    )
    check_settings(definitions)
    return definitions


def _only_settings(settings: list[Environments], root: str) -> Environments | None:
    if len(settings) > 1:
        raise DefinitionError(
            f"the project defines {len(settings)} settings; another one stands at {settings[0].source.relative(root)}",
            help="keep one of them",
            source=settings[1].source,
        )
    return settings[0] if settings else None


def _pages(folder: Path) -> dict[str, str]:
    pages = {}
    for file in sorted(folder.glob("*.md")):
        try:
            pages[file.stem] = file.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise TocsinError(
                f"cannot read the runbook: {error}", help="write it as UTF-8 text", source=Source(str(file))
            ) from None
    return pages


def _unfold_objectives(found: dict[int, tuple[str, Any]]) -> None:
    """An objective stands for its indicators, recording rules and alerts."""
    objectives = [(name, value) for name, value in found.values() if isinstance(value, Objective)]
    for name, objective in objectives:
        for part in (*objective.alerts, *objective.groups):
            found.pop(id(part), None)  # they keep their order, though some stand in variables of their own
            found[id(part)] = (name, part)
        for number, indicator in enumerate(objective.indicators):
            found[id(indicator)] = (f"{name}_{number}", indicator)


_KINDS = (Indicator, Dashboard, Alert, Objective, RuleGroup, SeriesMapping, Table, Proof, Environments, Site)


def _note(found: dict[int, tuple[str, Any]], name: str, value: Any, module: ModuleType) -> None:
    if not isinstance(value, _KINDS):
        return
    home = value.source.file == getattr(module, "__file__", None)
    if id(value) not in found or home:
        found[id(value)] = (name, value)


_Sourced = TypeVar("_Sourced", Dashboard, Alert, Objective, RuleGroup, SeriesMapping, Table, Proof)


def _sorted(values: list[Any], kind: type[_Sourced]) -> tuple[_Sourced, ...]:
    return tuple(sorted((value for value in values if isinstance(value, kind)), key=lambda one: one.source))


def _only_site(sites: list[Site], root: str) -> Site:
    if len(sites) == 1:
        return sites[0]
    if not sites:
        raise DefinitionError(
            "the project defines no site",
            help="state one, for example in monitors/site.py: site = Site(runbooks_url=...)",
            source=Source(str(Path(root) / "pyproject.toml")),
        )
    raise DefinitionError(
        f"the project defines {len(sites)} sites; another one stands at {sites[0].source.relative(root)}",
        help="keep one of them",
        source=sites[1].source,
    )


def _named_indicators(found: dict[int, tuple[str, Any]]) -> dict[str, Indicator]:
    named: dict[str, Indicator] = {}
    for name, value in found.values():
        if not isinstance(value, Indicator):
            continue
        if name in named:
            raise DefinitionError(
                f"two indicators are called {name}; the other one stands at {named[name].source}",
                help="rename one of them",
                source=value.source,
            )
        named[name] = value
    return named
