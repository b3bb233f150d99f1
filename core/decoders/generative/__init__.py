"""Variational autoencoders of responses, images and texts: their modules and their classifier."""
