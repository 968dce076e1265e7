"""Tables: what a cell says, and which runs and scores may stand in one table."""
