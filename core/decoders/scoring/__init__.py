"""What a trained decoder is worth: scores beside baselines, retrieved images, audit."""
