"""What can be measured of a decoder: coverage, distribution, codes, reconstruction, the pair."""
