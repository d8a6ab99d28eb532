"""The firm's contract accounts (일임 계좌): their ledger, its generator, and how four brokers spell it."""
