"""Mutation testing of all of rules/: `make mutation`, or with files as arguments only those. See the README beside it."""

import argparse
import ast
import gc
import hashlib
import importlib
import os
import pickle
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import accumulate
from pathlib import Path

import report
import session as living
from _pytest.config import ConftestImportFailure, UsageError
from mutants import Mutant, all_mutants
from reach import Reach

ROOT = Path(os.environ.get("MUTATION_ROOT") or Path(__file__).parent.parent.parent)
FOLDERS = ("tests/rules", "tests/scripts")
TESTS = list(FOLDERS)
RESULTS, COVERAGE = ROOT / ".mutation" / "results.txt", ROOT / ".mutation" / "coverage.pickle"

# seconds of tests for one mutant, the nearest and shortest first; what lives longer is counted as a survivor
BUDGET = 4.0

SURVIVED, KILLED, INVALID, ELSEWHERE, FAILED = 0, 1, 2, 3, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="of rules/; without any, all")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--again", action="store_true", help="only those that survived the last time, or are new")
    parser.add_argument("--sample", type=int, help="only so many, drawn evenly from all: an estimate of the share")
    parser.add_argument("--tests", nargs="+", help="files; only these, which is quicker and tells the least share")
    parser.add_argument("--only-report", action="store_true", help="try nothing: what the runs so far found out")
    parser.add_argument("--write", type=Path, help="put the table and the survivors into this page")
    options = parser.parse_args()
    if options.workers < 1:
        parser.error("--workers: at least one")
    TESTS[:] = options.tests or TESTS
    paths = options.files or sorted(str(f.relative_to(ROOT)) for f in (ROOT / "rules").rglob("*.py"))
    mutants = [mutant for found in all_mutants(ROOT, paths).values() for mutant in found]
    before = known()
    wanted = [m for m in mutants if not options.again or before.get(m.key) in (None, "survived")]
    of = len(mutants)
    if options.sample:
        mutants = wanted = random.Random(1).sample(wanted, min(options.sample, len(wanted)))
    if options.only_report:
        wanted = []
    # in any order, so that a run that is stopped has seen something of everything
    random.Random(2).shuffle(wanted)
    RESULTS.parent.mkdir(exist_ok=True)
    print(f"{len(mutants)} mutants of {len(paths)} files, {len(wanted)} to try")
    began = time.monotonic()
    if not (options.again or options.files or options.sample or options.only_report):
        RESULTS.unlink(missing_ok=True)
    results = {**before, **(tried(wanted, options.workers) if wanted else {})}
    page = report.page(mutants, results, seconds=time.monotonic() - began, workers=options.workers, of=of)
    print(page if len(page) < 20000 else report.table(mutants, results))
    if options.write:
        report.put_into(options.write, page)
    sys.exit(report.score(mutants, results) < report.REQUIRED)


def known() -> dict[str, str]:
    """What earlier runs found out, also those that were interrupted."""
    lines = RESULTS.read_text().split("\n")[:-1] if RESULTS.exists() else []
    found = dict(line.split() for line in lines)
    return {key: outcome for key, outcome in found.items() if outcome != "elsewhere"}


def tried(mutants: list[Mutant], workers: int) -> dict[str, str]:
    """What became of each: killed, survived, or invalid (it does not compile)."""
    session = living.start(ROOT)
    found = coverage(session)
    if found.broken:
        print("left out, for they fail without any mutant:", *found.broken, sep="\n  ")
    inside = [m for m in mutants if m.function]
    paths = {m.path for m in inside}
    files = sorted({
        found.names[test].split("::")[0] for path in paths for tests in found.lines.get(path, {}).values() for test in tests
    })  # fmt: skip
    # the libraries that collecting the tests has imported, so that the children need not
    living.import_all(apart(lambda: foreign(session, files)))
    outcomes: dict[str, str] = apart(lambda: Inside(files, session, found, workers).all(inside)) if inside else {}
    again = {m.key for m in inside if outcomes[m.key] == "elsewhere"}
    again |= {
        m.key
        for m in inside
        if outcomes[m.key] == "survived" and found.at_import[m.path] & set(range(m.first, m.last + 1))
    }
    rest = [m for m in mutants if not m.function or m.key in again]
    outcomes |= Anew(session, found, workers).all(rest)
    return outcomes


def coverage(session: object) -> living.Coverage:
    """Which test executes what; of each test file kept until it or a rule changes."""
    rules = _content(
        f for folder in ("rules", "scripts") for f in (ROOT / folder).rglob("*") if f.suffix in (".py", ".yaml")
    )
    shared = _content(
        f for place in FOLDERS for f in (ROOT / place).rglob("*") if f.is_file() and not f.name.startswith("test_")
    )
    known = pickle.loads(COVERAGE.read_bytes()) if COVERAGE.exists() else {}
    parts = {}
    for file in test_files():
        key = rules + shared + _content([ROOT / file])
        if file not in known or known[file][0] != key:
            known[file] = key, apart(lambda file=file: living.covered(session, ROOT, file))
            COVERAGE.write_bytes(pickle.dumps(known))
        parts[file] = known[file][1]
    return living.together(parts.values())


def test_files() -> list[str]:
    return [
        str(file.relative_to(ROOT)) for place in TESTS
        for file in ([ROOT / place] if place.endswith(".py") else sorted((ROOT / place).glob("test_*.py")))
    ]  # fmt: skip


def _content(files: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for file in sorted(files):
        if "__pycache__" not in file.parts:
            whole.update(str(file).encode() + file.read_bytes())
    return whole.hexdigest()


def foreign(session: object, files: list[str]) -> list[str]:
    living.collect(session, files)
    own = [
        str(ROOT / folder)
        for folder in ("rules", "tests", "scripts", "storage", "tasks", "flows", "desk", "cli", "telephony")
    ]
    return [
        name for name, module in sys.modules.items()
        if (file := getattr(module, "__file__", None)) and not file.startswith((*own, str(ROOT / "clock"), str(ROOT / "settings")))
    ]  # fmt: skip


def apart(make: Callable) -> object:
    """What the function returns, made in a child of this process, which keeps nothing of it."""
    with tempfile.TemporaryFile() as file:
        sys.stdout.flush()
        child = os.fork()
        if not child:
            code = 1
            try:
                pickle.dump(make(), file)
                file.flush()
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        if status:
            raise RuntimeError("the tests could not be prepared; see above")
        file.seek(0)
        return pickle.load(file)


class Runner:
    """Tries mutants in children of this process, the tests that killed a neighbour first."""

    name = ""

    def __init__(self, session: object, found: living.Coverage, workers: int) -> None:
        self.session, self.found, self.workers = session, found, workers
        self.sources = {}
        self.killers: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        self.running: dict[int, tuple[Mutant, int, float]] = {}
        self.outcomes: dict[str, str] = {}

    def source(self, path: str) -> str:
        if path not in self.sources:
            self.sources[path] = (ROOT / path).read_text(encoding="utf-8")
        return self.sources[path]

    def all(self, mutants: list[Mutant]) -> dict[str, str]:
        began = time.monotonic()
        for number, mutant in enumerate(mutants):
            if number % 200 == 0:
                print(f"{self.name}: {number} of {len(mutants)}, {time.monotonic() - began:.0f} s", flush=True)
            while len(self.running) >= self.workers:
                self.wait()
            self.begin(mutant)
        while self.running:
            self.wait()
        print(f"{self.name}: {len(mutants)}, {time.monotonic() - began:.0f} s", flush=True)
        return self.outcomes

    def begin(self, mutant: Mutant) -> None:
        chosen = self.chosen(mutant)
        if chosen is None:
            self.note(mutant, "survived")
            return
        # as it is now: whoever edits it while the mutants are tried must not change what they are
        self.source(mutant.path)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            code = FAILED
            try:
                living.silent()
                signal.alarm(600)
                code, killer = self.child(mutant, chosen)
                os.write(writing, str(killer).encode())
            except BaseException:
                os.write(writing, traceback.format_exc()[-900:].encode())
            finally:
                os._exit(code)
        os.close(writing)
        self.running[child] = mutant, reading, time.monotonic()

    def wait(self) -> None:
        child, status = os.wait()
        mutant, reading, _ = self.running.pop(child)
        killer = os.read(reading, 1000).decode()
        os.close(reading)
        code = os.waitstatus_to_exitcode(status)
        if code == FAILED:
            raise RuntimeError(f"{mutant}\ncould not be tried: {killer}")
        # by a signal: it took too long or too much
        outcome = {SURVIVED: "survived", INVALID: "invalid", ELSEWHERE: "elsewhere"}.get(code, "killed")
        if outcome == "killed" and killer.isdigit():
            self.killers[self.group(mutant)][int(killer)] += 1
            # the same line elsewhere, such as a decorator
            self.killers["", mutant.before][int(killer)] += 1
        self.note(mutant, outcome)

    def note(self, mutant: Mutant, outcome: str) -> None:
        self.outcomes[mutant.key] = outcome
        with RESULTS.open("a") as file:
            file.write(f"{mutant.key} {outcome}\n")

    def group(self, mutant: Mutant) -> tuple[str, str]:
        return mutant.path, mutant.function

    def ordered(self, mutant: Mutant, tests: Iterable[int]) -> list[int]:
        """As many as the budget allows: those that killed a neighbour first, then those that are named after the file."""
        killed, alike = self.killers[self.group(mutant)], self.killers["", mutant.before]
        own = Path(mutant.path).stem
        order = sorted(
            tests, key=lambda number: (
                -killed[number] - alike[number], own not in self.found.names[number].split("::")[0], self.found.time[number]
            )
        )  # fmt: skip
        total = accumulate(self.found.time[number] for number in order)
        return [number for number, until in zip(order, total, strict=True) if until <= BUDGET or number == order[0]]

    def covering(self, mutant: Mutant) -> set[int]:
        lines = self.found.lines.get(mutant.path, {})
        return set().union(*(lines.get(line, ()) for line in range(mutant.first, mutant.last + 1)))


class Inside(Runner):
    """Function bodies: everything is imported and collected, the child only changes the code of one function."""

    name = "inside functions"

    def __init__(self, files: list[str], *arguments: object) -> None:
        super().__init__(*arguments)
        self.items = {item.nodeid: item for item in living.collect(self.session, files)}
        self.caches = living.caches()
        self.trees: dict[str, ast.Module] = {}
        gc.collect()
        gc.freeze()
        gc.disable()

    def chosen(self, mutant: Mutant) -> list[int] | None:
        tests = self.covering(mutant)
        if tests:
            return self.ordered(mutant, tests)
        return [] if mutant.first in self.found.at_import[mutant.path] else None

    def child(self, mutant: Mutant, chosen: list[int]) -> tuple[int, int | None]:
        path = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        try:
            changed = self.statement(mutant)
        except SyntaxError:
            return INVALID, None
        if not chosen or not living.put_in(importlib.import_module(path), mutant.function, changed):
            return ELSEWHERE, None
        for cache in self.caches:
            cache.cache_clear()
        results = living.run(
            self.session.config, [self.items[self.found.names[number]] for number in chosen],
            seconds=[self.found.time[number] for number in chosen],
        )  # fmt: skip
        if results.failed:
            return KILLED, self.found.names.index(results.failed[0])
        return SURVIVED, None

    def statement(self, mutant: Mutant) -> object:
        """The changed code of the statement at the top level that holds it."""
        source = self.source(mutant.path)
        if mutant.path not in self.trees:
            self.trees[mutant.path] = ast.parse(source)
        node = next(n for n in self.trees[mutant.path].body if n.lineno <= mutant.line <= n.end_lineno)
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        lines = source.splitlines(keepends=True)
        start = sum(map(len, lines[: first - 1]))
        end = sum(map(len, lines[: node.end_lineno]))
        text = source[start : mutant.start] + mutant.text + source[mutant.end : end]
        return compile("\n" * (first - 1) + text, str(ROOT / mutant.path), "exec", dont_inherit=True)


class Anew(Runner):
    """What runs at import: the child imports the changed source and collects the tests that it can reach."""

    name = "at import"

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.reach = Reach(ROOT, test_files())
        self.number = {name: number for number, name in enumerate(self.found.names)}
        self.reached: dict[tuple[str, int], tuple[set[int], set[str]]] = {}
        self.files: dict[str, list[int]] = defaultdict(list)
        for number, name in enumerate(self.found.names):
            if name not in self.found.broken:
                self.files[name.split("::")[0]].append(number)

    def group(self, mutant: Mutant) -> tuple[str, str]:
        return mutant.path, str(self.reach.unit(mutant.path, mutant.line).first)

    def chosen(self, mutant: Mutant) -> tuple[list[str], dict[str, set[str]]] | None:
        unit = self.reach.unit(mutant.path, mutant.line)
        if (unit.path, unit.first) not in self.reached:
            lines, files = self.reach.of(unit)
            tests = {
                number for path, extent in lines.items() for line in extent
                for number in self.found.lines.get(path, {}).get(line, ())
            }  # fmt: skip
            self.reached[unit.path, unit.first] = tests, set(files)
        # without the tests that fail anyway
        tests, whole = self.reached[unit.path, unit.first]
        tests = tests | self.covering(mutant)
        in_whole = {number for file in whole for number in self.files[file]}
        by_file: dict[str, set[str]] = {}
        for number in self.ordered(mutant, tests | in_whole):
            by_file.setdefault(self.found.names[number].split("::")[0], set()).add(self.found.names[number])
        # in the order of their first tests
        return (whole & by_file.keys(), by_file) if by_file else None

    def child(self, mutant: Mutant, chosen: tuple[set[str], dict[str, set[str]]]) -> tuple[int, int | None]:
        whole, by_file = chosen
        changed = mutant.applied(self.source(mutant.path))
        try:
            compile(changed, mutant.path, "exec", dont_inherit=True)
        except SyntaxError:
            return INVALID, None
        sys.meta_path.insert(0, living.Instead(ROOT, mutant.path, changed))
        # not imported before it is collected: what a conftest file reads of the tables it must see being made
        killed, alike = self.killers[self.group(mutant)], self.killers["", mutant.before]
        for file, names in by_file.items():
            living.limit(BUDGET)
            # a file that makes its cases from the changed table may have others now
            try:
                items = living.collect(self.session, [file])
            except (living.NotCollected, ConftestImportFailure, UsageError):
                return KILLED, self.number[next(iter(names))]
            wanted = [
                item for item in items
                if item.nodeid in names or (file in whole and item.nodeid not in self.number)
            ]  # fmt: skip
            numbers = {item.nodeid: self.number.get(item.nodeid, -1) for item in wanted}
            wanted.sort(key=lambda item: -killed[numbers[item.nodeid]] - alike[numbers[item.nodeid]])
            # a case that the change has made is as patient as any
            seconds = [self.found.time[n] if (n := numbers[item.nodeid]) >= 0 else 1 for item in wanted]
            results = living.run(self.session.config, wanted, seconds=seconds)
            if results.failed:
                return KILLED, self.number.get(results.failed[0])
        return SURVIVED, None


if __name__ == "__main__":
    main()
