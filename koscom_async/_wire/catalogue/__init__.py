"""The catalogue of operations: loaded, questions written and answers read by it. Sends nothing."""
