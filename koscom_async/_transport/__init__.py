"""The only code that does network I/O: how often, how fast and how long the gateway is asked, and as whom.

One attempt is nested in a fixed order: deadline( retry( limiter( send with auth, verify, decode, classify ))).
"""
