"""What the discretionary service (일임매매) tells of a firm's contract accounts: one module a kind of answer."""
