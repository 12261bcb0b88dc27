"""Running the classifier: which runtime and precision, whether it may be trusted, and where it is kept."""
