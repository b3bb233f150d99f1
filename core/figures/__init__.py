"""Figures: RDM images, charts, thumbnails and exports. No widgets."""
