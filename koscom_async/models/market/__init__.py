"""Market data as records: issues, quotes, order books, bars, indices, who traded, funds."""
