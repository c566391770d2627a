"""The stand-in that lets one text run as viper on MicroPython and as plain Python on CPython.

On MicroPython `@micropython.viper` and `const` are known to the compiler and `ptr8/16/32` are viper's casts.
On CPython the decorators return the function unchanged and the casts return the array itself; some hosts have a top-level
module called `micropython` without these names, hence the attribute check.
"""

TYPE_CHECKING = False  # type checkers take it for True: to them the pointers are untyped, which is the one typed seam
if TYPE_CHECKING:
    from typing import Any

    micropython: Any
    const: Any
    ptr8 = ptr16 = ptr32 = Any
    NOTHING: Any
else:
    NOTHING = None  # of an attribute whose object comes later
    try:
        import micropython

        micropython.viper  # noqa: B018  a look-alike without viper must not pass
        const = micropython.const
        ptr8 = ptr16 = ptr32 = None
    except (ImportError, AttributeError):

        def _same(x):
            return x

        class micropython:
            viper = native = const = staticmethod(_same)

        const = ptr8 = ptr16 = ptr32 = _same
