"""Training a decoder: its data, batches, augmentation, and the two ways to fit it."""
