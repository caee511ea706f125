"""The dual VAE: encoders, decoders, coupling, controller and the named terms of its objective."""
