"""Rows to frozen records: the wire's names as tables, and the two readers that use them."""
