"""Who wraps the keys of clips: a file, a file under a passphrase, or a key service beyond a socket."""

from custodes.hub.rootkeys.port import RootKey, RootKeyAway, check, kinds, opened

__all__ = ["RootKey", "RootKeyAway", "check", "kinds", "opened"]
