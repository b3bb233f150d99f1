"""A person's own folder: tables of responses, links, the check of everything, and export."""
