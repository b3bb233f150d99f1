"""Parts of the report beyond the heads: one module each."""
