"""What training programs need besides tensors and layers."""
from . import data as data
from . import dlpack as dlpack
from . import hooks as hooks
from .draw import draw as draw
from .summary import summary as summary
from .swapping import swap_tensors as swap_tensors
