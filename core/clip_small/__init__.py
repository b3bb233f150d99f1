"""The small CLIP that ships with the simulated experiment: how it is trained and measured."""
