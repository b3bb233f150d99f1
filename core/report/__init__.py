"""The report of ``make report``: every head on every recording that is here, with controls."""
