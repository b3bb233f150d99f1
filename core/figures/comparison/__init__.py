"""Figures of compared RDMs: models beside the brain, all against all."""
