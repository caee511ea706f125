"""Ask for the password of a key, where nobody else sees it."""

from __future__ import annotations

import os
import warnings
from getpass import GetPassWarning

import typer

from fluxttice_core.errors import SignatureError

PASSWORD = "FLUXTTICE_KEY_PASSWORD"  # noqa: S105 -- the name of the variable that holds it


def asked_password(question: str, *, twice: bool = False) -> str:
    """The password that the environment holds, else the one that is typed where it is not shown."""
    given = os.environ.get(PASSWORD)
    if given:
        return given
    with warnings.catch_warnings():
        warnings.simplefilter("error", GetPassWarning)
        try:
            typed: str = typer.prompt(question, hide_input=True, confirmation_prompt=twice)
        except GetPassWarning:
            raise SignatureError(
                f"the password cannot be asked for without a terminal: give it in the variable {PASSWORD}",
                "no_terminal",
            ) from None
    return typed
