"""One response at a time: which images a decoder retrieves for it, and the other way round."""
