"""Streams, in which work is done in order, and events, moments in that work."""
from __future__ import annotations

from typing import Any

from .devices import check_available, index_of, set_device


class Stream:
    """A queue of work on a device, beside other queues. ``priority`` is accepted and not used.

    >>> with torch.cuda.stream(torch.cuda.Stream()):        # doctest: +SKIP
    ...     y = x * 2
    """

    def __init__(self, device: Any = None, priority: int = 0, *, made: Any = None):
        self.device_index = index_of("Stream", device)
        self.priority = priority
        if made is None:
            cupy = check_available("Stream")
            with cupy.cuda.Device(self.device_index):
                made = cupy.cuda.Stream(non_blocking=True)
        self.made = made

    @property
    def device(self) -> Any:
        """The device of the stream."""
        from ..core.cuda_memory import numbered

        return numbered(self.device_index)

    cuda_stream = property(lambda self: self.made.ptr, doc="Address of CUDA's stream.")

    def query(self) -> bool:
        """Whether all work is done."""
        return bool(self.made.done)

    def synchronize(self) -> None:
        """Wait until all work is done."""
        self.made.synchronize()

    def record_event(self, event: Any = None) -> Event:
        """An event that takes place when the work given so far is done."""
        event = event or Event()
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Let work given from now on wait for an event."""
        self.made.wait_event(event.made)

    def wait_stream(self, stream: Stream) -> None:
        """Let work given from now on wait for that given to another stream so far."""
        self.wait_event(stream.record_event())

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Stream) and (self.device_index, self.cuda_stream) == (other.device_index, other.cuda_stream)

    def __hash__(self) -> int:
        return hash((self.device_index, self.cuda_stream))

    def __repr__(self) -> str:
        return f"<torch.cuda.Stream device=cuda:{self.device_index} cuda_stream={self.cuda_stream:#x}>"


class Event:
    """A moment in the work of a stream: to wait for, and with ``enable_timing`` to measure the time between two."""

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False):
        if interprocess:
            raise RuntimeError("Event: interprocess=True is not supported; share results, or synchronize the processes")
        self.timed = enable_timing
        self.made = check_available("Event").cuda.Event(blocking, not enable_timing)

    def record(self, stream: Stream | None = None) -> None:
        """Take place when the work given to a stream (the current one) so far is done."""
        self.made.record((stream or current_stream()).made)

    def wait(self, stream: Stream | None = None) -> None:
        """Let later work of a stream (the current one) wait for the event."""
        (stream or current_stream()).wait_event(self)

    def query(self) -> bool:
        """Whether the event has taken place."""
        return bool(self.made.done)

    def synchronize(self) -> None:
        """Wait for the event."""
        self.made.synchronize()

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this event to another."""
        if not (self.timed and end_event.timed):
            raise RuntimeError("elapsed_time: both events must have been made with enable_timing=True")
        return check_available("elapsed_time").cuda.get_elapsed_time(self.made, end_event.made)

    def ipc_handle(self) -> Any:
        """Always a RuntimeError: events are not shared between processes."""
        raise RuntimeError("ipc_handle: events of several processes are not supported")

    @classmethod
    def from_ipc_handle(cls, device: Any, handle: Any) -> Any:
        """Always a RuntimeError: events are not shared between processes."""
        raise RuntimeError("from_ipc_handle: events of several processes are not supported")

    def __repr__(self) -> str:
        return f"<torch.cuda.Event {self.made.ptr:#x}>"


def current_stream(device: Any = None) -> Stream:
    """The stream that work on a device goes to."""
    index = index_of("current_stream", device)
    cupy = check_available("current_stream")
    with cupy.cuda.Device(index):
        return Stream(index, made=cupy.cuda.get_current_stream())


def default_stream(device: Any = None) -> Stream:
    """The stream that work on a device goes to if no other is chosen."""
    return Stream(index_of("default_stream", device), made=check_available("default_stream").cuda.Stream.null)


class stream:
    """In a ``with`` block, the stream that work goes to, on its device; None changes nothing."""

    def __init__(self, stream: Stream | None):
        self.stream = stream

    def __enter__(self) -> None:
        if self.stream is not None:
            cupy = check_available("stream")
            self.device = cupy.cuda.Device(self.stream.device_index)
            self.device.__enter__()
            self.stream.made.__enter__()

    def __exit__(self, *error: Any) -> None:
        if self.stream is not None:
            self.stream.made.__exit__(*error)
            self.device.__exit__(*error)


def set_stream(stream: Stream | None) -> None:
    """Let work go to a stream from now on, on its device; None changes nothing. `stream` as a context is mostly better."""
    if stream is not None:
        set_device(stream.device_index)
        stream.made.use()
