"""All of a firm's contract accounts at all of its brokers: lists and accounts at once, each ending as an outcome."""
