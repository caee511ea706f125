"""The ternary operations' own knowledge: algebra, symmetry, catalogue and search, with NumPy alone."""
