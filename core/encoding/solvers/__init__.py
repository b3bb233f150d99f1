"""Ridge and banded ridge of many units, and how bands share what they explain."""
