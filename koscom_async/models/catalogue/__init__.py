"""The platform's operations as records: what each takes and gives, and what it answered."""
