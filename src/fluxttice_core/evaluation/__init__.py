"""The report: every metric beside ceiling, floor and controls, held against laws and gates.

Start with `coverage_report(model)`; `measure` does the same for any decoders of yours, and `read_result`
takes a result file and refuses one that contradicts itself.
"""

from fluxttice_core.rooms import open_room

open_room(__name__)
