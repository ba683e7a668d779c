"""One computation on the CPU and on the double of CuPy."""
import numpy as np


def both_places(function, *tensors):
    """Results and gradients on the CPU and on the double, which must agree."""
    found = []
    for where in ("cpu", "cuda"):
        own = [one.detach().to(where).requires_grad_(one.requires_grad) for one in tensors]
        result = function(*own)
        first = result[0] if isinstance(result, tuple) else result
        if first.requires_grad:
            (first * first.detach()).sum().backward()
        made = [*(result if isinstance(result, tuple) else [result]), *[one.grad for one in own if one.requires_grad]]
        assert all(one.device.type == where for one in made)
        found.append([one.detach().cpu().numpy() for one in made])
    for expected, one in zip(*found):
        assert one.dtype == expected.dtype
        np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-5)
