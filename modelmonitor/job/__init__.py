"""One drift run: read the window and the reference, judge every check, publish the report."""
