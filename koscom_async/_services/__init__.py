"""One class a service, one method an endpoint: a question in the field's words, its whole answer as a record."""
