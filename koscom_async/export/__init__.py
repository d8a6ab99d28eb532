"""Ways out of the library: plain data first; frames, pages and plots build on it.

Exports read records by their attributes and import none of them, so that records may offer them as methods.
"""
