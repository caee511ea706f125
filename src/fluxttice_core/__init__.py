"""A dual variational autoencoder over every ternary operation, with measurements that can be believed."""
