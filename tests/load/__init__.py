"""Many people on one server: how long they wait, and what it costs."""
