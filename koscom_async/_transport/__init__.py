"""The only code that does network I/O: the attempt, its limits, retries, breaker and token.

`gateway.py` is the page where they meet; each policy has a file of its own. What goes over the wire is not known here.
"""

import logging

# Quiet unless the program configures logging. Set here and not on import of the library, which need not load logging.
logging.getLogger("koscom_async").addHandler(logging.NullHandler())
