"""Training: recipes, schedules, the loop, the balance of the halves and the final calibration.

A recipe is a YAML file that says everything; the same recipe, seed and machine give the same weights. Start
with `train("standard")`; `Run` is training in a folder that can be killed and resumed.
"""

from fluxttice_core.rooms import open_room

open_room(__name__)
