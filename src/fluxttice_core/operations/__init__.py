"""Operations as data: their space, notation, split, algebra, symmetry and names, with NumPy alone."""
