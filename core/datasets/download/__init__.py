"""Download of recordings: what is public is brought and checked, the rest copied and checked."""
