"""The collector: takes events of any InferenceService, labels and alerts, and loses none of them."""
