"""Any text, for tests that are given whatever comes."""

from hypothesis import strategies as st

CHARACTERS = st.characters(exclude_categories=["Cs"])
"""Every character that is no half of a surrogate pair: what `st.text()` takes, too, after three seconds of
trying whether UTF-8 can write each of them."""
