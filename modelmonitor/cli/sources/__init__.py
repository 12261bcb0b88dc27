"""Where commands read from: each source answers, or says in a sentence why it does not."""
