"""The operator's edge: the only place, with the command line, that knows Kopf."""
