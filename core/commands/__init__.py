"""Commands of ``python -m core`` that are too long for ``core/__main__.py``."""
