"""`override`, which says that a method replaces an inherited one, and lets the type checker hold us to it.

The standard library has it since Python 3.12. Before that the checker knows it from typing_extensions,
and at run time a plain function does: no import, no dependency.
"""

import sys
from typing import TYPE_CHECKING

if sys.version_info >= (3, 12):
    from typing import override
elif TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method):
        """Return `method` as it is."""
        return method


__all__ = ["override"]
