from .app import create_app as create_app
from .limits import Limits as Limits
from .run import bind as bind
from .run import make_server as make_server
from .served_model import Served as Served
from .served_model import serve_model as serve_model
