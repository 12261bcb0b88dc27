"""How good the model is on a window: measured where labels exist, bounded where they do not."""
