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
