"""The ternary operations' own knowledge: algebra, symmetry, names and search.

An operation is its index, its table or a name such as "min"; everything here is exact and enumerated, with
NumPy alone. Start with `portrait` for one operation and `find_operations` for all that have a property.
"""

from fluxttice_core.rooms import open_room

open_room(__name__)
