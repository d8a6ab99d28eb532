"""A keyring in memory, in the place of the system's."""

from keyring.backend import KeyringBackend


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self, *, keeps=True, error=None):
        self.kept, self.keeps, self.error = {}, keeps, error

    def get_password(self, service, username):
        if self.error:
            raise self.error
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        if self.keeps:
            self.kept[service, username] = password
