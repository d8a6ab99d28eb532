"""`koscom demo`: a page that shows the sandbox's holdings as they arrive (extra `web`)."""
