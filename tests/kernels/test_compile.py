"""The door to Numba: twins, the cache, threads and forks."""
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from nb_nn.kernels import cache, table, threads
from nb_nn.kernels import compile as door
from nb_nn.kernels.cpu import loops

FORMULA = """
import sys, numpy as np
from nb_nn.kernels.compile import formula
from nb_nn.kernels.cpu import loops
@formula
def mine(x, y):
    return x * y + {constant}
x, out = np.arange(4, dtype="f4"), np.empty(4, "f4")
loops.flat("mine", 2)(x, x, (), out)
print(*out)
"""


def run(code, folder, **environment):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env={**os.environ, "NB_NN_CACHE_DIR": str(folder), **environment}).stdout


def test_importing_kernels_does_not_import_numba():
    assert run("import sys, nb_nn.kernels.compile, nb_nn.kernels.formulas; print('numba' in sys.modules)", "/tmp").strip() == "False"


def test_a_kernel_is_kept_and_an_edited_formula_is_compiled_anew(tmp_path):
    script, folder = tmp_path / "script.py", tmp_path / "cache"
    for constant, files in ((1, 1), (1, 1), (2, 2)):
        script.write_text(FORMULA.format(constant=constant))
        printed = run(f"import runpy; runpy.run_path({str(script)!r})", folder)
        assert printed.split() == [str(float(v * v + constant)) for v in range(4)]
        assert len(list(folder.glob("*.nbc"))) == files
    assert not list(folder.glob("*.tmp"))


def test_a_damaged_kernel_is_compiled_anew(tmp_path):
    script, folder = tmp_path / "script.py", tmp_path / "cache"
    script.write_text(FORMULA.format(constant=1))
    run(f"import runpy; runpy.run_path({str(script)!r})", folder)
    (kept,) = folder.glob("*.nbc")
    kept.write_bytes(kept.read_bytes()[:100])
    assert run(f"import runpy; runpy.run_path({str(script)!r})", folder).split()[0] == "1.0"
    assert kept.stat().st_size > 1000


def test_a_folder_that_cannot_be_written_is_passed_over(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    printed = run("from nb_nn.kernels import cache; print(cache.directory())", blocked / "cache", NUMBA_CACHE_DIR=str(tmp_path / "other"))
    assert printed.strip() == str(tmp_path / "other")


def test_twins_agree_and_the_amount_of_work_picks_one():
    x = np.random.default_rng(0).standard_normal(door.SERIAL_BELOW + 7).astype("f4")
    kernel = loops.flat("mul", 2)
    serial, parallel = np.empty_like(x), np.empty_like(x)
    kernel.serial(x, x, (), serial)
    kernel.parallel(x, x, (), parallel)
    assert np.array_equal(serial, parallel) and np.array_equal(serial, x * x)
    called = []
    probe = door.Kernel(lambda out: None, "probe")
    probe.__dict__.update(serial=lambda *args: called.append("serial"), parallel=lambda *args: called.append("parallel"))
    probe(np.empty(door.SERIAL_BELOW - 1))
    if not threads.serial_only():
        probe(np.empty(door.SERIAL_BELOW))
        probe(np.empty(1), work=door.SERIAL_BELOW)
        assert called == ["serial", "parallel", "parallel"]


def test_a_missing_kernel_names_the_devices_that_have_it(monkeypatch):
    table.find("cpu", "pivoted_cholesky")
    monkeypatch.setattr(table, "_loaded", {"cpu", "cuda"})      # as if CUDA's kernels had been loaded
    with pytest.raises(RuntimeError, match="no kernel for cuda.*devices that have one: cpu"):
        table.find("cuda", "pivoted_cholesky")


def test_a_name_is_entered_once():
    table.names("cpu")
    with pytest.raises(ValueError, match="entered twice"):
        table.enter("cpu", "softmax_rows", lambda: None)


def test_parallel_kernels_run_from_several_python_threads():
    x = np.ones(1 << 17, "f4")
    kernel, failures = loops.flat("add", 2), []

    def work():
        out = np.empty_like(x)
        for _ in range(50):
            kernel(x, x, (), out)
            if not (out == 2).all():
                failures.append(out)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_computes_after_the_parent_used_threads(tmp_path):
    code = """
import os, sys, warnings
import nb_nn as torch
warnings.simplefilter("ignore")
x = torch.ones(1 << 17)
assert (x + x).sum().item() == 2 << 17
child = os.fork()
if child == 0:
    good = (x + x).sum().item() == 2 << 17 and (torch.ones(300, 300) @ torch.ones(300, 300))[0, 0].item() == 300
    os._exit(0 if good else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run(code, os.environ.get("NB_NN_CACHE_DIR", tmp_path)).strip() == "0"


def test_the_number_of_threads_comes_from_the_narrowest_limit():
    code = "from nb_nn.kernels import threads; print(threads.count, threads.source)"
    assert run(code, "/tmp", OMP_NUM_THREADS="1").split() == ["1", "OMP_NUM_THREADS"]
    assert run(code, "/tmp", SLURM_CPUS_PER_TASK="1", OMP_NUM_THREADS="64").split() == ["1", "SLURM_CPUS_PER_TASK"]


def test_the_folder_belongs_to_the_user():
    assert cache.directory() is None or cache.directory().stat().st_uid in (os.getuid(), 0)
