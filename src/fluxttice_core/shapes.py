"""The types of arrays with their shapes, as signatures state them.

They are jaxtyping's where that was loaded before, as by whoever checks the types of calls. Elsewhere nobody
reads them, and an encoded operation need not wait for its import.
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import Bool as Bool
    from jaxtyping import Float as Float
    from jaxtyping import Float32 as Float32
    from jaxtyping import Float64 as Float64
    from jaxtyping import Int8 as Int8
    from jaxtyping import Int16 as Int16
    from jaxtyping import Int32 as Int32
    from jaxtyping import Int64 as Int64
    from jaxtyping import Integer as Integer
    from jaxtyping import Real as Real
    from jaxtyping import Shaped as Shaped
    from jaxtyping import UInt8 as UInt8
    from jaxtyping import UInt32 as UInt32
    from jaxtyping import UInt64 as UInt64
else:

    class Unread:
        """Whatever stands in the brackets, any array will do."""

        def __class_getitem__(cls, shape: Any) -> Any:
            return Any

    Bool = Float = Float32 = Float64 = Int8 = Int16 = Int32 = Int64 = Unread
    Integer = Real = Shaped = UInt8 = UInt32 = UInt64 = Unread
