"""A made-up Korean market behind the platform's market data: prices that move, and repeat with the same seed."""
