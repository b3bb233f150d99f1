"""Layers and modules of torch that heads and losses share; imported when one is built."""
