"""What losses share: their declaration, and modules of torch."""
