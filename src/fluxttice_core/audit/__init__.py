"""Somebody's samples, counts or claims against what is possible, without torch.

Whoever has samples learns whether they reach what they should; whoever reads a figure learns whether it can
be true. Start with `report_samples(count_samples([path]))`, or with `audit_point` for a published coverage.
"""

from fluxttice_core.rooms import open_room

open_room(__name__)
