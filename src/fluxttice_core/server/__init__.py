"""The embedding API and the explorer, and the guards around both; it needs the extra `serve`, no torch.

Start with `create_app(serve_model())`, an ASGI application for any server, or `make_server`, which runs it.
"""

from fluxttice_core.rooms import open_room

open_room(__name__)
