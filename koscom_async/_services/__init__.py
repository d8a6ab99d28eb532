"""One class per service, one method per endpoint: each asks a question and returns its whole answer as a record."""
