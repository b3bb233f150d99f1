"""Figures of two selections beside each other."""
