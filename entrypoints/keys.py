"""Signing keys: new ones, and the one of a service that nobody has configured yet."""

import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

from entrypoints.settings import WrongSetting

KEY_FILE: Final = Path("var/secret_keys")
_OTHERS: Final = 0o077


def development_keys(file: Path = KEY_FILE) -> str:
    """The keys in the file; made once, readable by the owner only.

    Raises WrongSetting if others may read them, or if they are no text.
    """
    if not file.exists():
        _make(file)
    if file.stat().st_mode & _OTHERS:
        raise WrongSetting("secret_keys", f"others may read {file}: run 'chmod 600 {file}', or delete it")
    try:
        return file.read_text(encoding="ascii").strip()
    except UnicodeDecodeError:
        raise WrongSetting("secret_keys", f"{file} holds no key: delete it, and a new one is made") from None


def new_key(prefix: str = "key") -> str:
    """A random key with a random name, as ``kid:secret``."""
    return f"{prefix}-{secrets.token_hex(4)}:{secrets.token_urlsafe(48)}"


def _make(file: Path) -> None:
    """Write a random key. Of several processes that start at once, the first one's key counts."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(f"{new_key('dev')}\n")
    try:
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        Path(draft).unlink()
