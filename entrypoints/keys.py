"""The signing key of a service that nobody has configured yet."""

import os
import secrets
from pathlib import Path
from typing import Final

from entrypoints.settings import WrongSetting

KEY_FILE: Final = Path("var/secret_keys")
_OTHERS: Final = 0o077


def development_keys(file: Path = KEY_FILE) -> str:
    """The keys in the file; made once, readable by the owner only.

    Raises WrongSetting if others may read them.
    """
    if not file.exists():
        _make(file)
    if file.stat().st_mode & _OTHERS:
        raise WrongSetting("secret_keys", f"others may read {file}: run 'chmod 600 {file}', or delete it")
    return file.read_text(encoding="ascii").strip()


def _make(file: Path) -> None:
    """Write a random key. Of several processes that start at once, the first one's key counts."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(f"dev-{secrets.token_hex(4)}:{secrets.token_urlsafe(48)}\n")
    try:
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink()
