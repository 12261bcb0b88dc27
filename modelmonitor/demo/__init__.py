"""The demo: real texts, a real model, and what monitoring says of them."""
