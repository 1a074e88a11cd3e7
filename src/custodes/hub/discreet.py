"""What never stands in a log: the secret in an address that lets its reader in."""

import logging
import re

SECRET = re.compile(r"(/(?:setup|enter|join|accounts/password/reset/key)/)[^/\s?#\"']+")


class WithoutSecrets(logging.Filter):
    """Puts `…` where an address holds the secret of a link; lets every record through."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite what the record says."""
        text = record.getMessage()
        told = SECRET.sub(r"\1…", text)
        if told != text:
            record.msg, record.args = told, ()
        return True
