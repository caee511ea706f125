"""Measurements of any decoder: reach, mass, codes and reconstruction, beside their ceilings and floors."""
