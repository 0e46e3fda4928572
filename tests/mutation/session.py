"""The tests inside one process, ready to be run again and again in children that are forked from it.

A mutant inside a function is tried by putting its code into the living function (`__code__`), in a child of a process
that has collected every test: no import, no collection, only the tests that execute the changed statement. What runs at
import (tables, fields, defaults, decorators) is tried in a child of a process that has imported neither the rules nor
the tests, and imports the changed source instead of the file.
"""

import contextlib
import functools
import gc
import importlib
import importlib.abc
import importlib.util
import os
import resource
import signal
import sys
import time
import types
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import coverage
import pytest
from _pytest.config import Config, _prepareconfig
from _pytest.main import Session
from hypothesis import HealthCheck, Phase, settings

# what is mutated, and with it what must be imported anew
PACKAGE = "rules"
# seconds of CPU: a mutant with which a test needs so much more than without it runs for ever
PATIENCE, PATIENCE_FACTOR = 4, 10
MEMORY = 4 << 30


class NotCollected(Exception):
    pass


def start(root: Path) -> Session:
    """A session that is configured and has collected nothing."""
    # the same examples every time, and no time spent on finding the smallest
    settings.register_profile(
        "mutation", derandomize=True, database=None, deadline=None, print_blob=False,
        phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    settings.load_profile("mutation")
    os.chdir(root)
    sys.path.insert(0, str(root))
    config = _prepareconfig([
        # not the folders below it: their conftest files import the rules
        "tests", "-m", "not long", "-p", "no:cacheprovider", "-q", "--timeout=0", "-p", "no:logging",
        "-p", "no:faulthandler", "-p", "no:unraisableexception", "-p", "no:threadexception", "--capture=no",
    ])  # fmt: skip
    session = Session.from_config(config)
    config._do_configure()
    config.hook.pytest_sessionstart(session=session)
    if any(name == PACKAGE or name.startswith(PACKAGE + ".") for name in sys.modules):
        raise RuntimeError(f"{PACKAGE} is imported before any test asks for it")
    return session


def collect(session: Session, tests: list[str] | None = None) -> list[pytest.Item]:
    """Raises what keeps a test file from being collected."""
    results = Results()
    session.config.pluginmanager.register(results)
    try:
        session.perform_collect(tests)
    finally:
        session.config.pluginmanager.unregister(results)
    if results.failed:
        raise NotCollected("could not be collected: " + "; ".join(results.failed))
    return session.items


class Results:
    """Which tests failed; the fixtures' and tests' own lines, where somebody counts lines."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        # seconds of CPU: on a machine that is busy otherwise a test takes no less of them
        self.time: dict[str, float] = defaultdict(float)
        self._since = time.process_time()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed.append(f"{report.nodeid}: {report.longrepr}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        now = time.process_time()
        self.time[report.nodeid] += now - self._since
        self._since = now
        if report.failed:
            self.failed.append(report.nodeid)


def run(
    config: Config, items: list[pytest.Item], *, to_the_end: bool = False, seconds: list[float] | None = None
) -> Results:
    """Runs the tests until one fails. `seconds`: what each needs without a mutant; with much more the process ends."""
    results = Results()
    config.pluginmanager.register(results)
    try:
        for number, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True)):
            if seconds is not None:
                limit(seconds[number])
            config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if results.failed and not to_the_end:
                break
    finally:
        config.pluginmanager.unregister(results)
    return results


@dataclass
class Coverage:
    """Which lines of the rules each test executes: {path: {line: numbers of tests}}."""

    lines: dict[str, dict[int, set[int]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    at_import: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    names: list[str] = field(default_factory=list)
    time: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


class ByTest:
    """Tells the tracer whose lines these are: a test's, or those of a fixture that several tests may share."""

    def __init__(self, tracer: coverage.Coverage) -> None:
        self.tracer = tracer
        self.caches = caches()
        self.context = ""

    @contextlib.contextmanager
    def into(self, context: str) -> Iterator[None]:
        outer, self.context = self.context, context
        self.tracer.switch_context(context)
        try:
            yield
        finally:
            self.context = outer
            self.tracer.switch_context(outer)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        # a test that finds a value in a cache depends on the lines that made it
        for cache in self.caches:
            cache.cache_clear()
        with self.into(item.nodeid):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: object) -> Iterator[None]:
        with self.into(_name(fixturedef)):
            return (yield)


def _name(fixturedef: object) -> str:
    return f"fixture {id(fixturedef)}"


def caches() -> list[functools._lru_cache_wrapper]:
    return [thing for thing in gc.get_objects() if isinstance(thing, functools._lru_cache_wrapper)
            and not (getattr(thing, "__module__", None) or "").startswith(("_pytest", "hypothesis", "pluggy"))]  # fmt: skip


def covered(session: Session, root: Path, file: str) -> Coverage:
    """What the tests of one file execute."""
    found = Coverage()
    tracer = coverage.Coverage(data_file=None, include=[str(root / PACKAGE / "*")], config_file=False, messages=False)
    with tracer.collect():
        items = collect(session, [file])
        by_test = ByTest(tracer)
        session.config.pluginmanager.register(by_test)
        results = run(session.config, items, to_the_end=True)
    session.config.pluginmanager.unregister(by_test)
    # the tracer multiplies what a test needs
    untraced = run(session.config, items, to_the_end=True).time
    contexts: dict[str, set[int]] = defaultdict(set)
    for number, item in enumerate(items):
        found.names.append(item.nodeid)
        found.time.append(min(results.time[item.nodeid], untraced[item.nodeid]))
        contexts[item.nodeid].add(number)
        for fixtures in item._fixtureinfo.name2fixturedefs.values():
            for fixture in fixtures:
                contexts[_name(fixture)].add(number)
    found.broken = sorted(set(results.failed))
    data = tracer.get_data()
    for measured in data.measured_files():
        path = str(Path(measured).relative_to(root))
        for line, names in data.contexts_by_lineno(measured).items():
            if "" in names:
                found.at_import[path].add(line)
            if tests := set().union(*(contexts[name] for name in names)):
                found.lines[path][line] |= tests
    # plain dicts, to be kept in a file
    found.lines, found.at_import = {path: dict(lines) for path, lines in found.lines.items()}, dict(found.at_import)
    return found


def together(parts: Iterable[Coverage]) -> Coverage:
    found = Coverage()
    for part in parts:
        first = len(found.names)
        found.names += part.names
        found.time += part.time
        found.broken += part.broken
        for path, lines in part.at_import.items():
            found.at_import[path] |= lines
        broken = set(part.broken)
        for path, lines in part.lines.items():
            for line, tests in lines.items():
                found.lines[path][line] |= {first + test for test in tests if part.names[test] not in broken}
    return found


def limit(seconds: float) -> None:
    """Ends this process when it has used so much more CPU from now on, or too much memory."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE + PATIENCE_FACTOR * seconds)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def silent() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)


def put_in(module: types.ModuleType, function: str, changed: types.CodeType) -> bool:
    """Puts the changed code into the living function; False where the function cannot be found."""
    owner: object = module
    for name in function.split("."):
        thing = vars(owner).get(name) if hasattr(owner, "__dict__") else None
        for attribute in ("fget", "__func__", "func"):
            thing = getattr(thing, attribute, thing) if not isinstance(thing, types.FunctionType) else thing
        while hasattr(thing, "__wrapped__"):
            thing = thing.__wrapped__
        owner = thing
    if not isinstance(owner, types.FunctionType):
        return False
    code = _code_of(changed, function.split("."))
    if code is None or code.co_freevars != owner.__code__.co_freevars:
        return False
    owner.__code__ = code
    return True


def _code_of(code: types.CodeType, names: list[str]) -> types.CodeType | None:
    for name in names:
        inner = [c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == name]
        if not inner:
            return None
        # the last definition of a name is the one that lives
        code = inner[-1]
    return code


class Instead(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Imports one module from a changed source."""

    def __init__(self, root: Path, path: str, source: str) -> None:
        self.path, self.source = str(root / path), source
        self.module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def find_spec(self, name: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if name != self.module:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def get_filename(self, name: str) -> str:
        return self.path

    def get_data(self, path: str) -> bytes:
        return self.source.encode()

    def path_stats(self, path: str) -> dict:
        raise OSError("never from a cache")


def import_all(modules: Iterable[str]) -> None:
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
