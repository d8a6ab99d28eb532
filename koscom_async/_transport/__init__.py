"""The only code that does network I/O: how often, how fast and how long the gateway is asked, and as whom.

One attempt is nested in a fixed order: deadline( retry( limiter( send with auth, verify, decode, classify ))).
"""

import logging

# Quiet unless the program that uses this says otherwise. Here, since nothing is said before something is asked, and
# a program that only imports the library need not wait for logging.
logging.getLogger("koscom_async").addHandler(logging.NullHandler())
