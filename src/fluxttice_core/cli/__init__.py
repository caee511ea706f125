"""Commands, one small module a group."""
