"""Every test begins with the same random stream, and leaves the defaults as they were."""
import pytest
from hypothesis import settings

import nb_nn as torch

settings.register_profile("nb_nn", deadline=None, derandomize=True, print_blob=True)     # the same examples in every run
settings.load_profile("nb_nn")


@pytest.fixture(autouse=True)
def _defaults():
    torch.manual_seed(0)
    kind, threads = torch.get_default_dtype(), torch.get_num_threads()
    yield
    torch.set_default_dtype(kind)
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)


def pytest_terminal_summary(terminalreporter):
    from nb_nn.kernels.compile import compile_seconds

    terminalreporter.write_line(f"kernels compiled or loaded in {compile_seconds():.0f} s of this run")
