"""The predictor and the collector: answers requests and logs every prediction without loss."""
