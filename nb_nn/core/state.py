"""Which recorders are active, a thread at a time."""
import threading


class State(threading.local):
    """``grad``: operations are recorded for backward. ``inference``: and views and versions need not be kept."""

    grad = True
    inference = False
    deterministic = False
    anomaly = False             # nodes remember where they were recorded, and backward checks for NaN
    check_nan = True


state = State()
recorders: list = []            # tracing and profiling: objects with ``call(declaration, body, args, kwargs)``
