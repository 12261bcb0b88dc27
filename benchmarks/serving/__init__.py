"""How fast the predictor is and what it costs: against its bare model, its peers, and under stress."""
