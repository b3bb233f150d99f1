"""RDMs of more stimuli than memory holds: to a file, cell by cell, and as a summary."""
