"""The embedding API and the explorer, and the guards around both."""
