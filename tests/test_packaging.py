"""The installed package: every folder with code is listed, versions agree, the commands of the README work."""
import configparser
import re
import subprocess
import sys
from pathlib import Path

import nb_nn

ROOT = Path(__file__).parent.parent


def test_every_package_is_listed_in_setup_cfg():
    found = set()
    for folder, name in (("nb_nn", "nb_nn"), ("kernels", "nb_nn.kernels")):
        for init in (ROOT / folder).rglob("__init__.py"):
            found.add(".".join((name, *init.parent.relative_to(ROOT / folder).parts)))
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    assert set(config["options"]["packages"].split()) == found


def test_version_is_in_the_changelog():
    assert re.search(rf"^## {re.escape(nb_nn.version.package)}\b", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_info_tells_versions_threads_cache_and_cuda():
    printed = subprocess.run([sys.executable, "-m", "nb_nn.info"], capture_output=True, text=True, check=True).stdout
    for word in ("nb_nn", "numba", "BLAS", "threading layer", "threads", "kernel cache", "CUDA"):
        assert re.search(rf"^{word}\s", printed, re.MULTILINE), word


def test_own_kernel_example_runs():
    printed = subprocess.run([sys.executable, ROOT / "examples" / "own_kernel.py"], capture_output=True, text=True, check=True).stdout
    assert "gradcheck and gradgradcheck: True True" in printed
