"""The dual VAE: encoders, decoders, coupling and controller, and their forward pass in NumPy."""
