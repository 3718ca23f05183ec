"""Signing beside sending: in threads, because an RSA signature takes longer than all the rest of a message together.

cryptography gives up the interpreter's lock while it signs, so that as many signatures are made at once as there are
processors, and the event loop goes on. Threads take what waits until nothing does, and hand back what is done together:
a hop between threads for each message would cost a fifth of the signature.
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from dispatch.transport.dkim import DkimSigner

_Result = bytes | Exception


class Signing:
    """The threads that sign. `close` it when done."""

    def __init__(self, signer: DkimSigner, clock: Callable[[], datetime]) -> None:
        """`clock` is what t= goes by: the real time."""
        self._signer, self._clock = signer, clock
        self._threads = os.cpu_count() or 1
        self._executor = ThreadPoolExecutor(self._threads, thread_name_prefix="signing")
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[bytes, asyncio.Future[bytes]]] = deque()
        self._done: deque[tuple[asyncio.Future[bytes], _Result]] = deque()
        self._is_told = False  # the loop, that there is something to hand back
        self._at_work = 0

    def added_to(self, message: bytes) -> int:
        """How many octets a signature adds to this message, and to all with the same fields."""
        return self._signer.added_to(message)

    def signed(self, message: bytes) -> asyncio.Future[bytes]:
        """The message with its signature, once it is made."""
        signature: asyncio.Future[bytes] = self._loop.create_future()
        self._waiting.append((message, signature))
        self._set_to_work()
        return signature

    def close(self) -> None:
        """Sign no more; what waits is not made."""
        self._waiting.clear()
        self._executor.shutdown(wait=True)

    def _set_to_work(self) -> None:
        if self._waiting and self._at_work < self._threads:
            self._at_work += 1
            self._executor.submit(self._work)

    def _work(self) -> None:
        """Sign until nothing waits; runs in a thread."""
        while self._waiting:
            try:
                message, signature = self._waiting.popleft()
            except IndexError:
                break  # another thread was faster
            self._done.append((signature, self._result(message)))
            if not self._is_told:
                self._is_told = True
                self._loop.call_soon_threadsafe(self._hand_back)
        self._loop.call_soon_threadsafe(self._leave)

    def _result(self, message: bytes) -> _Result:
        try:
            return self._signer.signed(message, self._clock())
        except Exception as error:  # noqa: BLE001 whoever waits for the signature is told
            return error

    def _leave(self) -> None:
        self._at_work -= 1
        self._hand_back()
        # Something may have come between the thread's last look and now.
        self._set_to_work()

    def _hand_back(self) -> None:
        # First this: what is done from here on is told anew, or found below.
        self._is_told = False
        while self._done:
            signature, result = self._done.popleft()
            if signature.done():
                continue
            if isinstance(result, Exception):
                signature.set_exception(result)
            else:
                signature.set_result(result)
