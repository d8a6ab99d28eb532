"""Every account at once: the tasks, the outcomes, the streams; for an investor, and for a firm across brokers."""
