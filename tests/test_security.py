"""Nothing here unpickles, evaluates or shells out, and no product is a pickle."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDERS = ("isc", "experiments", "benchmarks", "docs")
RUNS_CODE = {"pickle", "cPickle", "dill", "joblib", "cloudpickle", "marshal", "shelve", "yaml"}
BUILT_IN = {"eval", "exec"}  # a network's own method is called eval too
CALLS = {"system", "popen", "read_pickle", "to_pickle", "extractall", "extract"}
GUARDED = {
    "isc/lazy/mapped.py",  # sends this package's own jobs to the workers of its cluster, as dask does
    "isc/networks/weights.py",  # published weights come as pickles: an unpickler that knows the names of arrays only
}
PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def faults_of(source: str) -> list[str]:
    """What in a source could run what a file holds."""
    faults = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            faults += [alias.name for alias in node.names if alias.name.split(".")[0] in RUNS_CODE]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in RUNS_CODE:
            faults.append(str(node.module))
        elif isinstance(node, ast.Call):
            faults += _faults_of_call(node)
    return faults


def _faults_of_call(call: ast.Call) -> list[str]:
    plain = isinstance(call.func, ast.Name)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    told = [name] if name in CALLS or (plain and name in BUILT_IN) else []
    told += ["torch.load"] if ast.unparse(call.func) == "torch.load" and not _weights_only(call) else []
    for keyword in call.keywords:
        wanted = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
        told += [f"{keyword.arg}=True"] if wanted and keyword.arg in ("allow_pickle", "shell") else []
    return told


def _weights_only(call: ast.Call) -> bool:
    return any(k.arg == "weights_only" and ast.unparse(k.value) == "True" for k in call.keywords)


SOURCES = [path for folder in FOLDERS for path in sorted((REPOSITORY / folder).rglob("*.py"))]


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "np.load(f, allow_pickle=True)",
        "run('x', shell=True)",
        "eval(x)",
        "torch.load(f)",
    ],
)
def test_a_source_that_could_run_a_file_is_recognised(source):
    assert faults_of(source)


def test_no_source_could_run_what_a_file_holds():
    assert len(SOURCES) > 100
    found = {path.relative_to(REPOSITORY).as_posix(): faults_of(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert {path: faults for path, faults in found.items() if faults and path not in GUARDED} == {}


def test_numpy_files_are_read_where_their_declared_size_is_checked():
    readers = {path for path in SOURCES if "np.load(" in path.read_text(encoding="utf-8")}
    unchecked = [path for path in readers if "check_archive(path)" not in path.read_text(encoding="utf-8")]
    assert [path.relative_to(REPOSITORY).as_posix() for path in unchecked] == []


def test_no_product_is_a_pickle(analysed):
    for path in analysed.out_dir.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                assert not file.read(2).startswith(PICKLES), path.name
