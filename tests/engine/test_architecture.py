"""What must hold for the whole source: who imports whom, what may not be called, how long things are."""

import ast
import subprocess
import sys
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for room in ("engine", "app") for path in (ROOT / room).rglob("*.py"))
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in SOURCES}
FILES = [pytest.param(name, id=name) for name in TREES]

# Nothing in a file that somebody sends may run; nothing may be lost half-way through a write.
UNSAFE_MODULES = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
UNSAFE_CALLS = {"eval", "exec", "__import__"}
UNSAFE_METHODS = {"extractall", "extract"}
WRITING_METHODS = {
    "write_text",
    "write_bytes",
    "savez",
    "savez_compressed",
    "savetxt",
    "tofile",
    "save_file",
    "save_model",
}
WRITING_NAMES = {"QSaveFile", "NamedTemporaryFile", "mkstemp", "O_WRONLY", "O_RDWR", "O_CREAT"}
WRITING_FUNCTIONS = {"json.dump", "np.save", "numpy.save", "onnx.save", "os.replace", "os.rename", "shutil.move"}
WRITERS = {"engine/files.py"}  # the one place that writes
ALLOWED = {
    "engine/cli/execute.py": 1,  # the null device, where nobody reads our output any more
    "engine/data/csv_table.py": 1,  # a throwaway copy in a temporary folder, for a reader that wants a file
}


def dotted(node):
    """Return `a.b.c` for an attribute of a name, else an empty text."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""


def calls(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def modules(tree):
    """Yield the line and the first part of the name of every imported module."""
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from ((node.lineno, name.split(".")[0]) for name in names)


def keyword_is(call, name, value):
    return any(k.arg == name and isinstance(k.value, ast.Constant) and k.value.value is value for k in call.keywords)


def unsafe(tree):
    """Yield a line for all that could run what a file holds."""
    yield from (f"{line}: import {name}" for line, name in modules(tree) if name in UNSAFE_MODULES)
    for call in calls(tree):
        name = dotted(call.func)
        last = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        loads = name.endswith("torch.load") or keyword_is(call, "allow_pickle", True) or keyword_is(call, "shell", True)
        if name in UNSAFE_CALLS or last in UNSAFE_METHODS or loads:
            yield f"{call.lineno}: {name or last}"


def mode(call, position):
    """Return the mode that a call of `open` is given; "r" where there is none, "?" where it is not written out."""
    given = [k.value for k in call.keywords if k.arg == "mode"] + call.args[position : position + 1]
    if not given:
        return "r"
    return given[0].value if isinstance(given[0], ast.Constant) and isinstance(given[0].value, str) else "?"


def writing(tree):
    """Yield a line for all that writes a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and dotted(node).split(".")[-1] in WRITING_NAMES:
            yield f"{node.lineno}: {dotted(node)}"
    for call in calls(tree):
        name = dotted(call.func)
        last = call.func.attr if isinstance(call.func, ast.Attribute) else name
        opens = name in ("open", "io.open") and set(mode(call, 1)) & set("wax+?")
        if opens or last in WRITING_METHODS or name in WRITING_FUNCTIONS:
            yield f"{call.lineno}: {name or last}"


@pytest.mark.parametrize("name", FILES)
def test_nothing_from_a_file_can_run(name):
    assert list(unsafe(TREES[name])) == []


@pytest.mark.parametrize("name", [case for case in FILES if case.values[0] not in WRITERS])
def test_files_are_written_in_one_place_only(name):
    assert list(writing(TREES[name]))[ALLOWED.get(name, 0) :] == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import loads",
        "eval('1')",
        "np.load(path, allow_pickle=True)",
        "zipfile.ZipFile(path).extractall()",
        "subprocess.run('ls', shell=True)",
    ],
)
def test_the_ban_on_running_files_works(text):
    assert list(unsafe(ast.parse(text)))


@pytest.mark.parametrize(
    "text",
    [
        "open(path, 'w')",
        "open(path, mode='ab')",
        "open(path, how)",
        "Path(path).write_text('')",
        "os.open(path, os.O_CREAT)",
        "json.dump({}, file)",
        "np.savez(path, a=a)",
    ],
)
def test_the_ban_on_writing_works(text):
    assert list(writing(ast.parse(text)))


def test_reading_is_not_banned():
    text = "open(path)\nopen(path, 'rb')\njson.dumps({})\nos.open(path, os.O_RDONLY)\nnp.load(path)\nos.fdopen(3, 'rb')"
    assert list(writing(ast.parse(text))) == []
    assert list(unsafe(ast.parse(text))) == []


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_short_and_says_what_it_is_for(name):
    text = (ROOT / name).read_text("utf-8")
    assert text.count("\n") <= 400
    first = (ast.get_docstring(TREES[name]) or "").split("\n")[0]
    assert first.endswith("."), first


def lengths():
    """Return the number of lines of every function, by file and name."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        f"{name}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, functions)
    }


def test_functions_are_short():
    found = lengths()
    assert median(found.values()) < 8
    assert quantiles(found.values(), n=10)[-1] < 25
    assert {name: length for name, length in found.items() if length > 60} == {}


def test_imports_keep_to_the_rooms():
    """The contracts of `pyproject.toml`, as `lint-imports` proves them."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_onnx_is_imported_only_inside_functions_of_export():
    found = {
        (name, isinstance(node.parent, ast.Module))
        for name, tree in TREES.items()
        for node in with_parents(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any(module in ("onnx", "onnxruntime") for _, module in modules(node))
    }
    assert {name for name, _ in found if not name.startswith("engine/export/")} == set()
    assert {name for name, top in found if top} == set()


def with_parents(tree):
    for parent in ast.walk(tree):
        for child in ast.iter_child_nodes(parent):
            child.parent = parent
            yield child


@pytest.mark.parametrize("module", ["engine.catalog", "engine.plan.predict", "engine.manual", "engine.project.file"])
def test_the_engine_stays_light(module):
    """Neither Qt nor what only an export or a table needs is loaded with the engine."""
    code = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=200, check=True
    )
    heavy = {"PySide6", "shiboken6", "pyqtgraph", "torch", "onnx", "onnxruntime", "duckdb", "PIL", "matplotlib", "app"}
    assert set(done.stdout.split()) & heavy == set()
