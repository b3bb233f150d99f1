"""What heads share: their declaration, and layers of torch."""
