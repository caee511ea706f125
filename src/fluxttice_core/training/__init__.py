"""Training: recipes, schedules, the loop, the balance of the halves and the final calibration."""
