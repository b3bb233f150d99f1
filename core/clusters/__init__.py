"""Clusters of responses."""
