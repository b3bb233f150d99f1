"""What stands on the shelf: of each recording what is on disk, what it can show, its copies."""
