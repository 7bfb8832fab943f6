"""Which thread may touch a model now: many that only read it, or one that changes it.

There is no lock here, so nothing can be copied by a fork in its locked state: `dict.setdefault` and the methods of
`set` are atomic, and since a reader announces itself before it looks for a writer and a writer before it looks for
readers, at least one of two that meet sees the other.

A use is known by the frame of its method, and counts only while that frame is on its thread's stack. So a model is free
again even if an interrupt came between the end of the work and the line that says so, or a fork left the thread behind.
"""

from __future__ import annotations

import sys
import threading
from types import FrameType


class Use:
    """One use of a model: the thread, the name of the method, and its frame until the use is over."""

    __slots__ = ("frame", "thread", "what")

    def __init__(self, what: str, frame: FrameType) -> None:
        self.thread = threading.get_ident()
        self.what = what
        self.frame: FrameType | None = frame

    @property
    def is_running(self) -> bool:
        """Whether the method has not returned."""
        frame = sys._current_frames().get(self.thread)
        while frame is not None:
            if frame is self.frame:
                return True
            frame = frame.f_back
        return False

    def refusal(self, what: str) -> RuntimeError:
        """Return the error for a method that this use keeps out."""
        place = "" if self.thread == threading.get_ident() else " in another thread"
        return RuntimeError(
            f"{what} cannot run while {self.what} is running{place}: wait for it to end, or use a model of its own"
        )


class Guard:
    """The state of a model, and of all that share weights with it: who changes them and who reads them.

    Only its own methods may be between call and caller.
    """

    __slots__ = ("_joined", "_readers", "_writer")

    def __init__(self) -> None:
        self._joined: Guard | None = None  # the one that stands for this one too
        self._writer: dict[str, Use] = {}
        self._readers: set[Use] = set()

    def join(self, other: Guard) -> None:
        """Be one with another from now on; the caller has claimed this one.

        Raises
        ------
        RuntimeError
            If the other is in use.
        """
        mine, others = self._root(), other._root()
        if mine is not others:
            others.release(others.claim("add()"))
            others._joined = mine

    def _root(self) -> Guard:
        guard = self
        while guard._joined is not None:
            guard = guard._joined
        return guard

    def enter(self, what: str) -> Use:
        """Begin to read, for as long as the caller runs; what is returned is for `leave`.

        Raises
        ------
        RuntimeError
            If another thread is changing the model. The thread that changes it may read it.
        """
        use = Use(what, sys._getframe(1))
        root = self._root()
        root._readers.add(use)
        writer = root._writer.get("use")
        if writer is not None:
            if writer.thread == use.thread:
                root._readers.discard(use)
            elif writer.is_running:
                root.leave(use)
                raise writer.refusal(what)
        return use

    def leave(self, use: Use) -> None:
        """End reading."""
        self._root()._readers.discard(use)
        use.frame = None  # or it would keep its own frame, and with it the caller's arrays

    def claim(self, what: str, nested: bool = False) -> Use | None:
        """Begin to change, for as long as the caller runs; what is returned is for `release`.

        Parameters
        ----------
        what : str
            The method, for messages.
        nested : bool
            Whether the thread that is already changing the model may do this too: a callback of `fit` may set weights,
            but not call `fit`.

        Raises
        ------
        RuntimeError
            If the model is being changed or read elsewhere.
        """
        use = Use(what, sys._getframe(1))
        root = self._root()
        writer = root._writer.setdefault("use", use)
        if writer is not use:
            if writer.is_running:
                use.frame = None
                if nested and writer.thread == use.thread:
                    return None
                raise writer.refusal(what)
            root._writer["use"] = use
        for reader in tuple(root._readers):
            if reader.is_running:
                root.release(use)
                raise reader.refusal(what)
            root._readers.discard(reader)
        return use

    def release(self, use: Use | None) -> None:
        """End changing."""
        if use is not None:
            self._root()._writer.clear()
            use.frame = None
