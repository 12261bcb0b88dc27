"""The protocols by which texts come in, each a thin translation to and from the predictor."""
