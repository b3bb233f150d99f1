"""Decoders: from responses to embeddings of pictures."""
