"""The six themes of the scenes, after the clusters of Campbell et al. (study D)."""

THEMES = {
    "food": "food and fine patterns",
    "bodies": "bodies and things outdoors",
    "faces": "faces",
    "sky": "sky and landscapes",
    "animals": "animals",
    "indoor": "indoor scenes",
}
