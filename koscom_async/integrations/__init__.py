"""What connects the library to others' software, each behind an extra. Nothing is imported until it is asked for."""
