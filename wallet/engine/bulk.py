"""Loading objects by the hundred thousand that all stay."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_rubbish() -> Iterator[None]:
    """Python looks through all that lives again and again while more comes: that took half the time of a large wallet.

    What is there at the end is never looked through again; it goes, when it goes, by its count of references.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
