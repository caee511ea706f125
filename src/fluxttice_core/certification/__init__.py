"""Who vouches for a model: choose, sign, describe, verify, measure again."""
