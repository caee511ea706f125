"""The report: every metric beside ceiling, floor and controls, held against laws and gates."""
