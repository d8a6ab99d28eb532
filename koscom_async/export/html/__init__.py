"""Pages in a notebook's cell and reports in one file: HTML and CSS, no script, nothing from elsewhere, all escaped."""
