"""What is modelled: finite spaces, their elements, notation and split, with NumPy alone."""
