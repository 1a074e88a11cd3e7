"""What never stands in a log: the secret in an address that lets its reader in, however the address is written."""

import logging
import re

SECRET = re.compile(r"(/(?:setup|enter|join|accounts/password/reset/key)/)[^/\s?#\"']+")
TOKEN = re.compile(r"(?<![A-Za-z0-9_-])(?![0-9a-f]+(?![A-Za-z0-9_-]))[A-Za-z0-9_-]{40,}")
"""Letters of a token, as many as one has (256 bits: 43). A hash in hexadecimal digits lets nobody in, and stays."""


def without_secrets(text: str) -> str:
    """Return `text` with `…` where an address holds the secret of a link, and where a token stands, in any address."""
    return TOKEN.sub("…", SECRET.sub(r"\1…", text))


class WithoutSecrets(logging.Filter):
    """Takes secrets out of what a record says and of its traceback; lets every record through."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite what the record says."""
        text = record.getMessage()
        told = without_secrets(text)
        if told != text:
            record.msg, record.args = told, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_text = record.exc_text and without_secrets(record.exc_text)
        return True
