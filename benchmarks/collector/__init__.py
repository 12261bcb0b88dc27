"""The collector under a paced stream of events."""
