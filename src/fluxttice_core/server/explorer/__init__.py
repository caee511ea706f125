"""The explorer: the page, and the data that it asks for."""
